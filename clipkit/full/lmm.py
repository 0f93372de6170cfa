"""Ask language models that see about ImageNet-D: one file for each, so that a stopped run goes on."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import clipkit
from clipkit.datasets.imagenet_d import NUISANCES
from clipkit.full.data import FullData
from clipkit.full.evaluate import ROWS, card_of, file_stem, load_any, up_to_date
from clipkit.full.lmm_decisions import CONTROLS, Tower, decisions
from clipkit.full.results import MEASURED, results_folder
from clipkit.llava import is_random, llava_name, load_llava, weights_of
from clipkit.metrics import resampled_mean, resampled_ratio
from clipkit.models.model import PRECISIONS, check_precision
from clipkit.models.random import RANDOM
from clipkit.pocket.dataset import statements_digest
from clipkit.pocket.lmm.results import BLIND, COIN, LMM
from clipkit.pocket.store import cache_folder
from clipkit.results import ResultStore, git_commit, versions
from clipkit.sections.lmm_interaction import SECTION
from clipkit.sections.measured import DRAWS, Measured, to_rows, write_measured
from clipkit.sections.stored_draws import write_frame
from clipkit.stats.shared_draws import shared_counts
from clipkit.store import EmbeddingStore

DATASET, TOWER = "imagenet-d", "CLIP"
TITLE, DECISIONS = "lmm-interaction", "lmm"
"""Folder of the numbers below OUT/measured, and of the decisions below OUT."""


def ask(
    sources: Sequence[str],
    tower: str,
    data: FullData,
    store: EmbeddingStore,
    out: Path,
    *,
    precision: str = "fp32",
    device: str | None = None,
    **how,
) -> Iterator[tuple[str, bool]]:
    """Ask each LLaVA, and the CLIP called `tower`; yields the LLaVA's name, and whether anything was to do.

    sources: as for `load_llava`. Decisions go to OUT/lmm/NAME.parquet, numbers to OUT/measured/lmm-interaction, result
    rows to OUT/rows. A file made of the same weights, tower, code, data and precision is passed over. Random weights in
    either make both random, and no evidence. precision: of LLaVA's weights, and of the tower. `how` is passed to
    `embed_images`.

    Raises UnknownName, MissingData, BadInput and CorruptData before any model runs, but for LLaVA's own files.
    """
    card = card_of(tower)
    data.open([DATASET])
    images = data.benchmark(DATASET).images
    place, seen_by = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")), None
    check_precision(precision, place)
    for source in sources:
        name = llava_name(source)
        made_by = {"model": name, "weights": weights_of(source), "tower": tower, "code": _code()}
        made_by |= {"data": json.dumps(data.fingerprints([DATASET])), "precision": precision}
        path = out / MEASURED / TITLE / f"{file_stem(name)}.parquet"
        if up_to_date(path, made_by):
            yield name, False
            continue
        seen_by = seen_by or Tower(load_any(tower, precision, device), images, store, **how)
        start = time.perf_counter()
        # Not named, so that two never are in memory together.
        frame = decisions(load_llava(source, place, PRECISIONS[precision] or torch.float32), images, seen_by)
        measured, seconds = measure(frame), time.perf_counter() - start
        kind = RANDOM if is_random(source) or card.kind == RANDOM else "lmm"
        said = made_by | {"kind": kind, "versions": versions(), "git_commit": git_commit()}
        write_frame(frame, out / DECISIONS / path.name, **said)
        rows = to_rows(
            measured, name, "full", precision=precision, seconds=seconds, n_expected=-1, n_seen=len(images)
        )
        ResultStore(out / ROWS).append(rows)
        write_measured(measured, path, **said, seconds=f"{seconds:.1f}")
        yield name, True


def measure(frame: pd.DataFrame) -> list[Measured]:
    """The numbers of `decisions`: on all questions ("imagenet-d") and on those of each nuisance; subsets are controls.

    "accuracy" of the LMM is by the likelier name; "accuracy, …" of the blind LMM, of a coin, and of CLIP given the same
    two names. "lead over CLIP" is the difference, of the same images. "accuracy in words" is right over right and wrong
    of the answers that name exactly one, as published; "one name in words" is how many do. Draws resample questions.
    """
    found = []
    for part in ("", *NUISANCES):
        chosen = frame[frame.nuisance == part] if part else frame
        for control in CONTROLS:
            rows = chosen[chosen.control == control]
            if len(rows):
                found += _numbers(f"{DATASET}/{part}" if part else DATASET, control, rows)
    return found


def _numbers(dataset: str, control: str, rows: pd.DataFrame) -> list[Measured]:
    right = {name: own.right.to_numpy(float) for name, own in rows.groupby("answerer")}
    lmm = rows[rows.answerer == LMM]
    right[TOWER] = lmm.tower_right.to_numpy(float)
    counts = shared_counts(dataset, len(lmm), DRAWS)

    def row(metric, value, draws, better=True):
        n = len(lmm)
        return Measured(SECTION, dataset, control, metric, float(value), draws, n, higher_is_better=better)

    def mean(metric, values, better=True):
        return row(metric, values.mean(), resampled_mean(counts, values), better)

    one, said_right = lmm.said.isin(["right", "wrong"]).to_numpy(float), (lmm.said == "right").to_numpy(float)
    in_words = said_right.sum() / one.sum() if one.any() else np.nan
    return [
        mean("accuracy", right[LMM]),
        *(mean(f"accuracy, {name}", right[name], None) for name in (BLIND, COIN, TOWER)),
        mean("lead over CLIP", right[LMM] - right[TOWER], None),
        row("accuracy in words", in_words, resampled_ratio(counts, said_right, one)),
        mean("one name in words", one),
    ]


def lmm_rows(
    sources: Sequence[str],
    tower: str,
    data: Path,
    *,
    store: Path | None = None,
    out: Path | None = None,
    progress: bool = True,
    **how,
) -> pd.DataFrame:
    """Result rows of LLaVAs on ImageNet-D below `data`, asked where `out` does not have their answers yet."""
    from tqdm import tqdm

    store = EmbeddingStore(store or cache_folder().parent / "embeddings")
    out = out or results_folder()
    done = ask(sources, tower, FullData(data), store, out, progress=progress, **how)
    names = [
        name for name, _ in tqdm(done, "ask", len(sources), unit="LMM", disable=None if progress else True)
    ]
    found = ResultStore(out / ROWS).load()
    return found[found.model.isin(names) & (found.section == SECTION)].reset_index(drop=True)


def _code() -> str:
    """Changes with any statement of what asks, decides and measures."""
    package = Path(clipkit.__file__).parent
    paths = ["llava.py", "lmm.py", "sections/lmm_interaction.py", "datasets/imagenet_d.py"]
    return statements_digest([package / path for path in [*paths, "full/lmm.py", "full/lmm_decisions.py"]])[
        :16
    ]
