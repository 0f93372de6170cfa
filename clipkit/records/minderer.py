"""Calibration of 185 classifiers, zero-shot CLIP among them (Minderer et al., NeurIPS 2021, arXiv 2106.07998).

Its authors publish no checksum of the table, and the manifest has none. So it is never fetched with the other
records, only by `fetch` or `add`, which a user must ask for; the sha256 of what came first is written
beside it, told, and asked of whatever comes or is read later.

Source: google-research/robustness_metrics, projects/revisiting_calibration (a zip with one CSV file).
"""

import hashlib
import shutil
import tempfile
import zlib
from functools import cache
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import pandas as pd

from clipkit.download import download
from clipkit.errors import BadInput, CorruptData, MissingData
from clipkit.records.cache import folder

ADDRESS = "https://storage.googleapis.com/gresearch/revisiting-calibration/df_main_2021_06_15.zip"
NAME = "google-research/robustness_metrics/df_main_2021_06_15.zip"
MAX_BYTES = 2_000_000_000
"""Of the unpacked table."""
SCALINGS = {"none": False, "temperature_scaling": True}
_COLUMNS = {"ModelName": "model", "ModelFamily": "family", "DatasetName": "dataset", "Metric": "metric",
            "rescaling_method": "scaled", "use_dataset_labelset": "own_classes", "MetricValue": "value",
            "downstream_error": "accuracy", "brier": "brier"}  # fmt: skip
_NUMBERS = ("MetricValue", "downstream_error", "brier")


def load() -> pd.DataFrame:
    """One row for each model, data set, metric and state of scaling.

    Columns: model, family ("clip" is zero-shot CLIP), dataset (as TensorFlow Datasets names it), metric (with its
    parameters), scaled (by one temperature, fitted on a fifth of ImageNet's validation images), own_classes
    (whether probabilities are restricted to the classes of the data set), value, and of the same model on the
    same data set accuracy (fraction) and brier (sum over classes, 0 to 2).

    Raises MissingData where the table is not on this machine, CorruptData where it is not the one that was
    taken first.
    """
    if not (folder() / NAME).is_file():
        raise MissingData(
            f"the calibration table of {ADDRESS} is not on this machine",
            "run `clipkit records fetch --accept-unpinned`, or `clipkit records add DIR` with a folder that holds it",
        )
    _check(_sha256(folder() / NAME), folder() / NAME)
    return _read(folder() / NAME, (folder() / NAME).stat().st_mtime_ns)


def add(source: str | Path) -> str:
    """Take the table from a folder, at any depth; its sha256, "" if it is not there.

    Raises CorruptData if it cannot be read, or is another one than was taken before.
    """
    found = sorted(Path(source).rglob(Path(NAME).name))
    return _take(found[0]) if found else ""


def fetch() -> str:
    """Take the table from `ADDRESS`, whatever comes; its sha256.

    Raises MissingData where the address cannot be reached, and what `add` does.
    """
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / Path(NAME).name
        by_hand = "download it by other means, and run `clipkit records add DIR` with its folder"
        download(ADDRESS, file, None, remedy=by_hand, attempts=1)
        return _take(file)


def _take(file: Path) -> str:
    target, digest = folder() / NAME, _sha256(file)
    _check(digest, file)
    _read(file, file.stat().st_mtime_ns)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        copy = Path(shutil.copyfile(file, Path(temporary) / "copy"))
        _pin().write_text(digest)
        copy.replace(target)
    return digest


def _check(digest: str, file: Path) -> None:
    """Raise CorruptData unless these are the bytes that were taken first, if any were."""
    expected = _pin().read_text() if _pin().is_file() else digest
    if digest != expected:
        raise CorruptData(
            f"{file} is another table than was taken first: sha256 expected {expected}, found {digest}",
            f"find out why; to trust it all the same, delete {_pin()} and add it again",
        )


def _pin() -> Path:
    return folder() / f"{NAME}.sha256"


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@cache
def _read(file: Path, changed: int) -> pd.DataFrame:
    """The table, read as it is unpacked: nothing is written, so no name in the archive matters."""
    types = {column: "float64" if column in _NUMBERS else "string" for column in _COLUMNS}
    try:
        with ZipFile(file) as archive:
            (member,) = archive.infolist()
            if member.file_size > MAX_BYTES:
                raise BadInput(f"{member.file_size:,} bytes unpacked, {MAX_BYTES:,} allowed")
            with archive.open(member) as stream:
                table = pd.read_csv(stream, usecols=list(_COLUMNS), dtype=types)
        table = table[list(_COLUMNS)].rename(columns=_COLUMNS)
        table["accuracy"] = 1 - table.accuracy
        table["scaled"] = _flags(table.scaled, SCALINGS)
        table["own_classes"] = _flags(table.own_classes.fillna("False"), {"False": False, "True": True})
    # RuntimeError: encrypted; ValueError: several members, or text that is no such CSV.
    except (BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise CorruptData(
            f"{file} is not the calibration table: {error}", f"take it from {ADDRESS}"
        ) from None
    return table


def _flags(values: pd.Series, meaning: dict[str, bool]) -> pd.Series:
    unknown = set(values.dropna()) - set(meaning)
    if unknown or values.isna().any():
        raise BadInput(f"column {values.name!r} holds {sorted(unknown) or 'empty cells'}")
    return values.map(meaning).astype(bool)
