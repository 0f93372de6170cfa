"""Measure models on the real benchmarks: one file for each model and section, so that a stopped run goes on."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

import clipkit
from clipkit import prompts
from clipkit.errors import BadInput
from clipkit.full.data import CUE_NAMES, FullData
from clipkit.full.measure import MEANS, SECTIONS
from clipkit.full.outputs import FullOutputs
from clipkit.full.results import MEASURED
from clipkit.models import ModelCard, card, load
from clipkit.models.model import Model
from clipkit.models.random import SUFFIX, random_card, random_model
from clipkit.pocket.dataset import statements_digest
from clipkit.pocket.zoo.evaluate import code_digest
from clipkit.results import Result, ResultStore, git_commit, versions
from clipkit.sections.measured import Measured, to_rows, write_measured
from clipkit.store import EmbeddingStore

ROWS = "rows"
WITHOUT_CLASSES = ("retrieval", "3D correspondence")


def evaluate(
    models: Sequence[str | Model],
    sections: Sequence[str],
    data: FullData,
    store: EmbeddingStore,
    out: Path,
    *,
    precision: str = "fp32",
    device: str | None = None,
    **how,
) -> Iterator[tuple[str, str, bool]]:
    """Measure `models` on `sections`; yields model, section, and whether anything was to do.

    A model is the name of a card, "ARCHITECTURE/random", or a loaded `Model`. Numbers with draws go to
    OUT/measured/SECTION/MODEL.parquet, result rows with their recipe to OUT/rows. A file made of the same model,
    code, data and precision is passed over; a section that a model cannot have, too. `how` is passed to `FullOutputs`.

    All names and all data are checked before any model runs. Raises UnknownName, MissingData, BadInput, CorruptData.
    """
    chosen = {name: SECTIONS[name] for name in sections}
    cards = {found.name: model for model in models for found in [card_of(model)]}
    data.open(name for section in chosen.values() for name in section.datasets)
    for name, model in cards.items():
        outputs = None
        for title, section in chosen.items():
            made_by = {
                "model": name,
                "code": _code(),
                "data": json.dumps(data.fingerprints(section.datasets)),
                "precision": model.precision if isinstance(model, Model) else precision,
            }
            path = out / MEASURED / title / f"{file_stem(name)}.parquet"
            if (section.needs_texts and not card_of(model).prompts) or up_to_date(path, made_by):
                yield name, title, False
                continue
            outputs = outputs or FullOutputs(load_any(model, precision, device), data, store, **how)
            start = time.perf_counter()
            measured, notes = section.measure(outputs), section.notes(outputs)
            seconds = time.perf_counter() - start
            facts = {
                "kind": outputs.card.kind,
                "weights": outputs.card.weights_sha256,
                "card": outputs.card.to_json(),
            }
            run = {"versions": versions(), "git_commit": git_commit(), "seconds": f"{seconds:.1f}"}
            ResultStore(out / ROWS).append(rows(measured, outputs, seconds))
            write_measured(measured, path, **made_by, **facts, **run, **notes)
            yield name, title, True


def rows(measured: Sequence[Measured], outputs: FullOutputs, seconds: float) -> list[Result]:
    """Result rows, each with its recipe: templates, class names, images (or pairs) of the benchmark expected and seen.

    -1 is expected where no count was verified, and stands for both where several sets are averaged.
    """
    found = []
    for m in measured:
        recipe = {
            "precision": outputs.model.precision,
            "seconds": seconds,
            "logit_scale": outputs.card.logit_scale,
        }
        if m.section not in WITHOUT_CLASSES:
            classnames = "cue-conflict" if m.dataset == CUE_NAMES else "imagenet"
            recipe["classnames_hash"] = prompts.short_hash(prompts.classnames(classnames))
        if m.prompts:
            recipe["templates_hash"] = prompts.short_hash(prompts.templates(m.prompts))
        if m.dataset not in MEANS:
            benchmark = outputs.data[m.dataset].benchmark
            recipe |= {"n_expected": benchmark.card.n_expected or -1, "n_seen": benchmark.images.n_counted}
        found += to_rows([m], outputs.card.name, outputs.track, **recipe)
    return found


def file_stem(model: str) -> str:
    """A model's name as a file name.

    >>> file_stem("ViT-B-32/openai")
    'ViT-B-32--openai'
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", model.replace("/", "--"))


def card_of(model: str | Model) -> ModelCard:
    """What is known of a model before it is loaded; raises UnknownName, or BadInput for a pocket model."""
    if isinstance(model, Model):
        return model.card
    found = random_card(model.removesuffix(SUFFIX)) if model.endswith(SUFFIX) else card(model)
    if found.track != "full":
        raise BadInput(f"{model} is a model of the pocket laboratory", "evaluate it with --profile pocket")
    return found


def load_any(model: str | Model, precision: str, device: str | None) -> Model:
    """The model, with random weights if its name says so."""
    if isinstance(model, Model):
        return model
    if model.endswith(SUFFIX):
        return random_model(model.removesuffix(SUFFIX), device=device, precision=precision)
    return load(model, device=device, precision=precision)


def up_to_date(path: Path, made_by: dict[str, str]) -> bool:
    """Whether the metadata of the Parquet file at `path` say all that `made_by` says."""
    if not path.is_file():
        return False
    said = pq.read_schema(path).metadata or {}
    return made_by.items() <= {k.decode(): v.decode() for k, v in said.items()}.items()


@cache
def _code() -> str:
    """Changes with any statement of the measures, and of what they are given here."""
    package = Path(clipkit.__file__).parent
    given = [package / "full" / f"{name}.py" for name in ("data", "outputs", "measure")]
    read = [
        package / "datasets" / f"{name}.py"
        for name in (
            "captions",
            "classes",
            "corrupted_folders",
            "imagenet_x",
            "misfits",
            "navi",
            "pairs",
            "scannet_pairs",
            "spair",
            "view",
        )
    ]
    return f"{code_digest()}-{statements_digest([*given, *read, package / 'dense.py'])[:16]}"
