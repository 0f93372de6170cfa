"""The Result schema and its store."""

import math
import subprocess
import sys

import pytest

from clipkit.errors import BadInput, CorruptData
from clipkit.results import SCHEMA, ResultStore, row_maker, to_frame

make = row_maker(
    section="retrieval",
    track="pocket",
    model="m",
    dataset="d",
    subset="all",
    metric="recall@1",
    n=10,
    interval_method="wilson",
)


def test_a_row_carries_its_recipe():
    row = make(value=0.5, interval=(0.4, 0.6))
    assert '"numpy"' in row.versions and row.n == 10 and (row.low, row.high) == (0.4, 0.6)


def test_a_row_without_interval_says_so_with_nan():
    assert math.isnan(make(value=0.5).low)


def test_unknown_track_is_refused():
    with pytest.raises(BadInput, match="track 'pokcet'.*\n.*record, pocket, full"):
        make(value=0.5, track="pokcet")


def test_reversed_interval_is_refused():
    with pytest.raises(BadInput, match="low 0.6 exceeds high 0.4"):
        make(value=0.5, interval=(0.6, 0.4))


def test_frame_has_the_schema_even_without_rows():
    assert list(to_frame([]).columns) == SCHEMA.names


def test_the_row_appended_last_wins(tmp_path):
    store = ResultStore(tmp_path)
    store.append([make(value=0.1), make(value=0.2, model="other")])
    store.append([make(value=0.3)])
    assert dict(store.load()[["model", "value"]].to_numpy()) == {"m": 0.3, "other": 0.2}


def test_appending_nothing_writes_nothing(tmp_path):
    assert ResultStore(tmp_path).append([]) is None
    assert len(ResultStore(tmp_path).load()) == 0


def test_concurrent_writers_lose_nothing(tmp_path):
    code = (
        "import sys; from clipkit.results import ResultStore, row_maker\n"
        "m = row_maker(section='s', track='full', dataset='d', subset='', metric='x', n=1, interval_method='')\n"
        "[ResultStore(sys.argv[1]).append([m(model=f'{sys.argv[2]}-{i}', value=i)]) for i in range(20)]"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "abc"]
    assert [w.wait() for w in writers] == [0, 0, 0]
    assert len(ResultStore(tmp_path).load()) == 60
    assert not list(tmp_path.glob("*.tmp"))


def test_a_half_written_file_is_ignored_and_a_spoilt_one_named(tmp_path):
    store = ResultStore(tmp_path)
    path = store.append([make(value=0.1)])
    (tmp_path / "killed.tmp").write_bytes(path.read_bytes()[:50])
    assert len(store.load()) == 1
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(CorruptData, match="000001.parquet"):
        store.load()
