"""Numbers with draws: what is written comes back, whole or not at all."""

import os
import signal
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clipkit.errors import BadInput, CorruptData, MissingData
from clipkit.sections.measured import DRAWS, Measured, read_measured, section_rows, to_rows, write_measured


def number(metric="accuracy", value=0.7, spread=0.02, **other):
    draws = value + spread * np.random.default_rng(len(metric)).standard_normal(DRAWS)
    fields = {
        "section": "toy",
        "dataset": "wild",
        "subset": "all",
        "metric": metric,
        "value": value,
        "n": 520,
    }
    return Measured(**{**fields, "draws": draws, **other})


NUMBERS = [
    number(prompts="80"),
    number(prompts="1", value=0.6),
    number("median rank", value=210.5, spread=20, unit="rank", higher_is_better=False),
    number("shape_bias", higher_is_better=None),
]


@pytest.fixture
def folder(tmp_path):
    write_measured(
        NUMBERS, tmp_path / "resnet-wild-s0.parquet", model="resnet-wild-s0", weights="abc", seed=3
    )
    write_measured(NUMBERS[:1], tmp_path / "vit-wild-s0.parquet")
    return tmp_path


def test_what_is_written_comes_back(folder):
    table = read_measured(folder)
    assert table.frame.model.tolist() == ["resnet-wild-s0"] * 4 + ["vit-wild-s0"]
    for wanted in NUMBERS:
        found = table.get("resnet-wild-s0", metric=wanted.metric, prompts=wanted.prompts)
        assert found[:4] == wanted[:4]
        assert (found.value, found.n, found.prompts, found.unit) == (
            wanted.value, wanted.n, wanted.prompts, wanted.unit,
        )  # fmt: skip
        assert found.higher_is_better is wanted.higher_is_better
        off = np.abs(found.draws - wanted.draws).max()
        assert off < 0.015 * wanted.draws.std(), "the noise of rounding is far below that of images"
    assert table.said == {
        "resnet-wild-s0": {"model": "resnet-wild-s0", "weights": "abc", "seed": "3"},
        "vit-wild-s0": {},
    }


def test_a_number_must_be_named_and_be_there(folder):
    table = read_measured(folder)
    with pytest.raises(MissingData, match="nothing was measured for model 'vit-wild-s0', metric 'ece'"):
        table.get("vit-wild-s0", metric="ece")
    with pytest.raises(BadInput, match="2 numbers fit .*'accuracy'\n.*prompts"):
        table.get("resnet-wild-s0", metric="accuracy")
    with pytest.raises(BadInput, match="no column 'datset'\n.*dataset"):
        table.rows(datset="wild")
    assert table.rows(metric="accuracy").tolist() == [0, 1, 4]
    assert table.rows(metric="accuracy", prompts="1").tolist() == [1]


def test_undefined_draws_stay_undefined(tmp_path):
    holed = number()
    holed.draws[:3] = np.nan
    never = number("ece", value=np.nan, spread=0.0)
    write_measured([holed, never], tmp_path / "m-s0.parquet")
    found = read_measured(tmp_path)
    assert np.isnan(found.draws).sum(axis=1).tolist() == [3, DRAWS]
    rows = to_rows([holed, never], "m-s0", "pocket")
    assert np.isfinite([rows[0].low, rows[0].high]).all()
    assert np.isnan([rows[1].low, rows[1].high]).all()


def test_draws_of_another_number_are_refused(tmp_path):
    short = number(draws=np.zeros(7))
    with pytest.raises(BadInput, match=rf"\('toy', 'wild', 'all', 'accuracy'\).*\(7,\)\n.*\({DRAWS},\)"):
        write_measured([number("ece"), short], tmp_path / "m-s0.parquet")
    with pytest.raises(BadInput, match="nothing to write to .*m-s0.parquet"):
        write_measured([], tmp_path / "m-s0.parquet")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_says_what_to_run(tmp_path):
    with pytest.raises(MissingData, match="no results of the zoo on the .* split\n.*clipkit pocket evaluate"):
        read_measured(tmp_path)


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def bend(path):
    """One bit, in the draws: nearly all that lies before the footer, whose length stands eight bytes from the end."""
    data = bytearray(path.read_bytes())
    data[(len(data) - 8 - int.from_bytes(data[-8:-4], "little")) // 2] ^= 4
    path.write_bytes(data)


def rename(path):
    path.write_bytes(path.read_bytes().replace(b"higher_is_better", b"higher_is_butter"))


def another_kind(path):
    pq.write_table(pa.table({"draws": [b"123"], "value": [1.0]}), path)


def no_results(path):
    pq.write_table(pa.table({"loss": [1.0]}), path)


@pytest.mark.parametrize("damage", [cut, bend, rename, another_kind, no_results])
def test_a_damaged_file_is_named(folder, damage):
    path = write_measured(NUMBERS, folder / "vit-wild-s0.parquet")
    damage(path)
    with pytest.raises(
        CorruptData, match="vit-wild-s0.parquet cannot be read.*\n.*evaluate that model again"
    ):
        read_measured(folder)


def test_a_failed_write_leaves_the_old_file(folder, monkeypatch):
    path = folder / "vit-wild-s0.parquet"
    before = path.read_bytes()

    def half(table, target, **options):
        with open(target, "wb") as handle:
            handle.write(b"PAR1")
        raise OSError("disk full")

    monkeypatch.setattr(pq, "write_table", half)
    with pytest.raises(OSError, match="disk full"):
        write_measured(NUMBERS, path)
    assert path.read_bytes() == before
    assert sorted(p.name for p in folder.iterdir()) == ["resnet-wild-s0.parquet", "vit-wild-s0.parquet"]


def test_a_killed_write_leaves_nothing_that_is_read(folder):
    path = folder / "vit-wild-s0.parquet"
    before = path.read_bytes()
    code = f"""
import os, signal
from pathlib import Path
import pyarrow.parquet as pq
from clipkit.sections import measured
write = pq.write_table
def killed(table, target, **options):
    write(table, target, **options)
    os.kill(os.getpid(), signal.SIGKILL)
pq.write_table = killed
table = measured.read_measured(Path({str(folder)!r}))
one = table.get("vit-wild-s0", metric="accuracy")
measured.write_measured([one._replace(value=0.1)], Path({str(path)!r}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert len(list(folder.iterdir())) == 3, "the half-made file is there, under a name that nobody reads"
    assert len(read_measured(folder).frame) == 5


def test_rows_have_percentile_intervals_and_say_the_prompts():
    first, *_, last = to_rows(NUMBERS, "resnet-wild-s0", "pocket", seed=3)
    assert (first.model, first.track, first.seed, first.n) == ("resnet-wild-s0", "pocket", 3, 520)
    assert (first.low, first.high) == pytest.approx(np.quantile(NUMBERS[0].draws, [0.025, 0.975]))
    assert f"{DRAWS} draws" in first.interval_method
    assert (first.subset, last.subset) == ("all, prompts 80", "all")


def test_rows_of_a_section_are_those_of_every_model(folder):
    rows = section_rows(read_measured(folder), "toy")
    assert [r.model for r in rows] == ["resnet-wild-s0"] * 4 + ["vit-wild-s0"]
    assert [r.metric for r in rows] == [*(m.metric for m in NUMBERS), "accuracy"]
    assert section_rows(read_measured(folder), "none") == []
