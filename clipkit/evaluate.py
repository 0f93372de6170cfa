"""Result rows of models and sections on either track: read where they are, measured where they are not."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from clipkit.errors import BadInput, MissingData, UnknownName
from clipkit.registry import did_you_mean
from clipkit.results import ResultStore, to_frame
from clipkit.sections.measure import MEASURES

ALL = "all"
TITLES = {name.lower().replace(" ", "-"): name for name in MEASURES}
"""Name of a section on the command line and in paths → its name in results."""


def pocket_rows(
    section: str,
    models: Sequence[str],
    *,
    fresh: bool = False,
    store: str | Path | None = None,
    out: Path | None = None,
) -> pd.DataFrame:
    """Rows of the zoo's test split, as shipped, or measured again into `out`; all models if none is named."""
    from clipkit.pocket.store import cache_folder
    from clipkit.sections.measured import read_measured, section_rows
    from clipkit.sections.pocket.results import zoo_results

    titles = [TITLES[name] for name in section_names(section, TITLES)]
    if fresh:
        from tqdm import tqdm

        from clipkit.pocket.zoo.evaluate import evaluate

        out = out or cache_folder().parent / "results"
        done = evaluate(models, store or cache_folder().parent / "embeddings", out)
        for _ in tqdm(done, total=len(models) or None, unit="model"):
            pass
        table = read_measured(out / "test")
    else:
        table = zoo_results()
    for name in models:
        if name not in table.said:
            raise MissingData(
                f"no numbers of {name!r}: {did_you_mean(name, table.said)}", "measure it with --fresh"
            )
    if models:
        chosen = table.frame.model.isin(models).to_numpy()
        table = table._replace(frame=table.frame[chosen].reset_index(drop=True), draws=table.draws[chosen])
    return to_frame(row for title in titles for row in section_rows(table, title))


def full_rows(
    section: str,
    models: Sequence[str],
    data: Path | None,
    *,
    store: str | Path | None = None,
    out: Path | None = None,
    weights: Path | None = None,
    quickgelu: bool | None = None,
    n_expected: Sequence[str] = (),
    device: str | None = None,
    precision: str = "fp32",
    batch_size: int = 64,
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Rows of models on the benchmarks below `data`, measured where `out` does not have them yet.

    `weights` is a file for the one model named. `n_expected` holds texts NAME=NUMBER. Raises what
    `clipkit.full.evaluate.evaluate` does, and BadInput where models or data are not named.
    """
    if data is None or not models:
        raise BadInput(
            "the full track needs --models and --data", "name models, and the folder of the benchmarks"
        )
    if weights and len(models) > 1:
        raise BadInput(
            f"--weights {weights} for {len(models)} models", "name the one architecture that it fits"
        )
    from tqdm import tqdm

    from clipkit.device import choose_precision
    from clipkit.full.data import FullData
    from clipkit.full.evaluate import ROWS, evaluate
    from clipkit.full.measure import SECTIONS
    from clipkit.full.results import results_folder
    from clipkit.models import load
    from clipkit.pocket.store import cache_folder
    from clipkit.store import EmbeddingStore

    sections = section_names(section, SECTIONS)
    how = {"device": device, "precision": choose_precision(precision, device)}
    chosen = [load(models[0], weights=weights, quickgelu=quickgelu, **how)] if weights else list(models)
    benchmarks = FullData(data, dict(map(count, n_expected)))
    store = EmbeddingStore(store or cache_folder().parent / "embeddings")
    out = out or results_folder()
    done = evaluate(
        chosen, sections, benchmarks, store, out,
        batch_size=batch_size, workers=workers, progress=progress, **how,
    )  # fmt: skip
    total = len(chosen) * len(sections)
    names = []
    with tqdm(done, total=total, unit="section", disable=None if progress else True) as bar:
        for name, title, _ in bar:
            bar.set_description(f"{name} {title}")
            names.append(name)
    found = ResultStore(out / ROWS).load()
    wanted = found.model.isin(names) & found.section.isin([TITLES[name] for name in sections])
    return found[wanted].reset_index(drop=True)


def section_names(name: str, known: Iterable[str]) -> list[str]:
    """The section called `name`, or all that are known; raises UnknownName."""
    known, name = list(known), name.lower().replace(" ", "-")
    if name not in (*known, ALL):
        raise UnknownName(f"unknown section {name!r}", did_you_mean(name, (*known, ALL)))
    return known if name == ALL else [name]


def count(text: str) -> tuple[str, int]:
    """A data set and its number from a text NAME=NUMBER; raises BadInput for any other.

    >>> count("imagenet-val=1000")
    ('imagenet-val', 1000)
    """
    name, _, number = text.partition("=")
    if not number.isdecimal():
        raise BadInput(
            f"--n-expected {text!r} is not NAME=NUMBER", "write, say, --n-expected imagenet-val=1000"
        )
    return name, int(number)
