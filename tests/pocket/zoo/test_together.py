"""One file for all models: what is up to date is left alone, what changed is measured again, what is gone goes."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

from clipkit.pocket.zoo import together

MEASURED: list[str] = []


def measure(name, store):
    MEASURED.append(name)
    return pd.DataFrame({"model": [name], "value": [float(len(name))]})


class InThisProcess:
    """Stands for a pool of processes."""

    def __init__(self, jobs, mp_context):
        self.map = map

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


@pytest.fixture
def update(tmp_path, monkeypatch):
    path, weights = tmp_path / "all.parquet", {"a": "1", "bb": "1", "ccc": "1"}
    monkeypatch.setattr(together, "made_by", lambda name, code: {"weights": weights[name], "code": code})
    monkeypatch.setattr(together, "ProcessPoolExecutor", InThisProcess)

    def update(names, code="today", **changed):
        weights.update(changed)
        MEASURED.clear()
        new = dict(together.update(path, names, code, measure, [], tmp_path))
        table = pq.read_table(path)
        said = json.loads(table.schema.metadata[b"models"])
        assert MEASURED == [name for name in names if new[name]]
        assert table["model"].to_pylist() == list(said) == list(names), "one order, whoever came first"
        assert said == {name: {"weights": weights[name], "code": code} for name in names}
        return list(MEASURED)

    return update


def test_only_what_has_changed_is_measured(update):
    assert update(["a", "ccc"]) == ["a", "ccc"]
    assert update(["a", "ccc"]) == []
    assert update(["a", "bb", "ccc"]) == ["bb"]
    assert update(["a", "bb", "ccc"], a="2") == ["a"]
    assert update(["bb", "ccc"]) == []
    assert update(["bb", "ccc"], code="tomorrow") == ["bb", "ccc"]


def test_a_run_that_was_stopped_is_taken_up_again(update, tmp_path):
    stopped = together.update(tmp_path / "all.parquet", ["a", "bb"], "today", measure, [], tmp_path)
    assert next(stopped) == ("a", True)
    stopped.close()
    assert update(["a", "bb"]) == ["bb"]
