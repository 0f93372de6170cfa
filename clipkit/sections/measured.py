"""A measured number with its bootstrap draws, and the files that hold those of one model."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clipkit.errors import BadInput, CorruptData, MissingData
from clipkit.registry import did_you_mean
from clipkit.results import Result, row_maker
from clipkit.sections.stored_draws import pack, unpack, write_frame

DRAWS = 500
KEY = ["section", "dataset", "subset", "metric", "prompts"]


class Measured(NamedTuple):
    """One number of one model.

    draws: (DRAWS,) the same number on resampled images. All models are scored on the same resamples
    (`clipkit.stats.shared_draws`), so draws of two models may be subtracted. prompts: the set of templates,
    "" where none are used.
    """

    section: str
    dataset: str
    subset: str
    metric: str
    value: float
    draws: np.ndarray
    n: int
    prompts: str = ""
    unit: str = "fraction"
    higher_is_better: bool | None = True


def limits(draws: np.ndarray) -> tuple[float, float]:
    """The percentile interval (95 %) of the draws that are defined; NaN where none is."""
    low, high = np.nanquantile(draws, [0.025, 0.975]) if np.isfinite(draws).any() else (np.nan, np.nan)
    return float(low), float(high)


def to_rows(measured: Iterable[Measured], model: str, track: str, **recipe) -> list[Result]:
    """Result rows with percentile intervals; `recipe` fills further fields of `Result`."""
    make = row_maker(model=model, track=track, **recipe)
    rows = []
    for m in measured:
        rows.append(
            make(
                section=m.section,
                dataset=m.dataset,
                subset=f"{m.subset}, prompts {m.prompts}" if m.prompts else m.subset,
                metric=m.metric,
                value=m.value,
                interval=limits(m.draws),
                interval_method=f"percentile bootstrap over images, {len(m.draws)} draws",
                n=m.n,
                unit=m.unit,
                higher_is_better=m.higher_is_better,
            )
        )
    return rows


def write_measured(measured: Iterable[Measured], path: Path, **said: str) -> Path:
    """One Parquet file, written whole or not at all; `said` (model, weights, data, commit …) is its metadata."""
    measured = list(measured)
    if not measured:
        raise BadInput(f"nothing to write to {path}", "measure something first")
    wrong = [m for m in measured if np.shape(m.draws) != (DRAWS,)]
    if wrong:
        raise BadInput(f"{wrong[0][:4]} has draws of shape {np.shape(wrong[0].draws)}", f"give ({DRAWS},)")
    frame = pd.DataFrame([m._asdict() for m in measured]).drop(columns="draws")
    write_frame(pack(frame, np.array([m.draws for m in measured], float)), path, **said)
    return path


_FIELDS = [field for field in Measured._fields if field != "draws"]


class MeasuredTable(NamedTuple):
    """The numbers of many models: one row of `frame` and of `draws` (rows, DRAWS) for each.

    frame: model, then the fields of `Measured` without draws. said: model → metadata of its file.
    """

    frame: pd.DataFrame
    draws: np.ndarray
    said: dict[str, dict[str, str]]

    def get(self, model: str, **key: str) -> Measured:
        """The one number of `model` that fits `key`; raises MissingData if there is none, BadInput if several."""
        rows = self.rows(model=model, **key)
        if len(rows) != 1:
            asked = ", ".join(f"{k} {v!r}" for k, v in {"model": model, **key}.items())
            if not len(rows):
                raise MissingData(f"nothing was measured for {asked}", "run clipkit pocket evaluate")
            raise BadInput(f"{len(rows)} numbers fit {asked}", "name more of " + ", ".join(KEY))
        row = self.frame.loc[rows[0]]
        return Measured(**{f: row[f] for f in _FIELDS}, draws=self.draws[rows[0]])

    def rows(self, **key: str) -> np.ndarray:
        """Positions of the rows that fit; raises BadInput for a column that is not there."""
        for column in key.keys() - set(self.frame.columns):
            raise BadInput(f"results have no column {column!r}", did_you_mean(column, self.frame.columns))
        fits = np.ones(len(self.frame), bool)
        for column, value in key.items():
            fits &= (self.frame[column] == value).to_numpy()
        return np.flatnonzero(fits)


def section_rows(table: MeasuredTable, section: str, track: str = "pocket") -> list[Result]:
    """All numbers of a section as result rows, model by model."""
    rows = []
    for model in dict.fromkeys(table.frame.model):
        own = table.rows(model=model, section=section)
        fields = table.frame.loc[own, _FIELDS].to_dict("records")
        numbers = [Measured(**f, draws=table.draws[i]) for f, i in zip(fields, own, strict=True)]
        rows += to_rows(numbers, model, track)
    return rows


def read_measured(folder: Path) -> MeasuredTable:
    """All files of a folder; raises MissingData if there are none, CorruptData naming one that is damaged."""
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise MissingData(f"no results of the zoo on the {folder.name} split", "run clipkit pocket evaluate")
    frames, draws, said = [], [], {}
    for path in paths:
        try:
            table = pq.read_table(path, page_checksum_verification=True)
            frame, drawn = unpack(table.to_pandas(), DRAWS)
            frame = frame[_FIELDS]
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            raise CorruptData(f"{path} cannot be read: {error}", "evaluate that model again") from None
        frame.insert(0, "model", path.stem)
        frames.append(frame)
        draws.append(drawn)
        said[path.stem] = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    return MeasuredTable(pd.concat(frames, ignore_index=True), np.concatenate(draws), said)
