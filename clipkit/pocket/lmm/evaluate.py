"""Ask every pocket LMM, and its tower, every question; one file of decisions for each LMM."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from clipkit.lmm import CoinFlip
from clipkit.pocket.dataset import statements_digest
from clipkit.pocket.instructions import EVALUATION_SETS, in_view, training_instructions
from clipkit.pocket.lmm.loading import WEIGHTS, PocketLmm, lmm_names, load_lmm
from clipkit.pocket.lmm.results import BLIND, COIN, LMM, said_of
from clipkit.pocket.outputs import PocketOutputs
from clipkit.pocket.sets import load_set
from clipkit.pocket.store import file_sha256
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.loading import load_net, zero_shot_classifier
from clipkit.registry import Registry
from clipkit.results import git_commit, versions
from clipkit.sections.lmm_interaction import NAME_QUESTION, Pickers, decisions
from clipkit.sections.measure import shape_bias
from clipkit.sections.outputs import default_prompts
from clipkit.sections.stored_draws import write_frame

SUPERVISED = "supervised-resnet-wild-s0"
NAMES_BY = "resnet-wild-s0"  # whose text tower says which names are near each other
HELD_OUT = "wild"
_QUESTION_SEED = 900_000  # training instructions have small seeds


def evaluate(
    names: Sequence[str], store: Path, out: Path, split: str = "test", folder: Path = WEIGHTS
) -> Iterator[tuple[str, bool]]:
    """Ask the LMMs called `names` (all if empty); yields each name and whether anything was to do.

    An LMM whose files say that they were made by these weights and this code is passed over. Raises UnknownName for
    one that is not there.
    """
    known = Registry("pocket LMM", {name: name for name in lmm_names(folder)})
    for name in [known[name] for name in names] or list(known):
        made_by = {"weights": file_sha256(folder / f"{name}.safetensors"), "code": code_digest()}
        path = out / split / f"{name}.parquet"
        if path.is_file() and made_by.items() <= said_of(path).items():
            yield name, False
            continue
        lmm, blind = (load_lmm(name, folder, blind=b) for b in (False, True))
        data = {dataset: load_set(dataset, split).fingerprint for dataset in EVALUATION_SETS}
        said = made_by | {"lmm": name, "tower": lmm.tower, "data": json.dumps(data), "versions": versions()}
        said["git_commit"] = git_commit()
        write_frame(held_out(lmm, blind, split), out / split / "questions" / f"{name}.parquet", **said)
        write_frame(by_cue(lmm, store, split), out / split / "cue-conflict" / f"{name}.parquet", **said)
        write_frame(decide(lmm, blind, store, split), path, **said)
        yield name, True


def decide(lmm: PocketLmm, blind: PocketLmm, store: Path, split: str) -> pd.DataFrame:
    """`clipkit.sections.lmm_interaction.decisions` on every evaluation set, with a column `dataset`."""
    own, supervised = (PocketOutputs(name, store, split) for name in (lmm.tower, SUPERVISED))
    head = zero_shot_classifier(load_net(NAMES_BY)).head.weight.detach()
    names = torch.nn.functional.normalize(head, dim=1)
    near = names @ names.T
    answerers, found = {LMM: lmm, BLIND: blind, COIN: CoinFlip()}, []
    for dataset in EVALUATION_SETS:
        data = load_set(dataset, split)
        pickers = Pickers(
            own.logits(dataset, default_prompts(own)),
            supervised.logits(dataset),
            near.numpy()[data.labels],
            [in_view(scene) for scene in data.scenes],
        )
        own_decisions = decisions(answerers, lmm.see(data.images), data.labels, pickers, speaks=LMM)
        found.append(own_decisions.assign(dataset=dataset))
    return pd.concat(found, ignore_index=True)


def by_cue(lmm: PocketLmm, store: Path, split: str) -> pd.DataFrame:
    """What an LMM and its tower take cue-conflict images for, given all class names.

    Columns dataset, image, and as positions in CLASS_NAMES: shape, texture (the two cues), said (by the LMM), alone
    (by its tower).
    """
    own, found = PocketOutputs(lmm.tower, store, split), []
    for background in shape_bias.BACKGROUNDS:
        dataset = f"{shape_bias.CONFLICT}-{background}"
        shape, texture = shape_bias._cues(own, dataset)
        images, n = lmm.see(own.data(dataset).images), len(shape)
        scores = lmm.score(images, [NAME_QUESTION] * n, [CLASS_NAMES] * n)
        positions = {
            "image": np.arange(n),
            "shape": shape,
            "texture": texture,
            "said": np.argmax(scores, axis=1),
            "alone": own.logits(dataset, default_prompts(own)).argmax(axis=1),
        }
        found.append(pd.DataFrame(positions).astype(np.int16).assign(dataset=dataset))
    return pd.concat(found, ignore_index=True)


def held_out(lmm: PocketLmm, blind: PocketLmm, split: str) -> pd.DataFrame:
    """Every kind of instruction but captions, about the wild images of a split: whether the generated answer is right.

    Columns: image, kind, question, answer, and what was said with the image (`said`) and without (`blind`).
    """
    data = load_set(HELD_OUT, split)
    asked = [q for q in training_instructions(data.scenes, _QUESTION_SEED, 3) if q.kind != "caption"]
    images = lmm.see(data.images)[torch.tensor([q.image for q in asked])]
    questions = [q.question for q in asked]
    return pd.DataFrame(
        {
            "image": np.array([q.image for q in asked], np.int16),
            "kind": [q.kind for q in asked],
            "question": questions,
            "answer": [q.answer for q in asked],
            "said": lmm.generate(images, questions),
            "blind": blind.generate(images, questions),
        }
    )


def code_digest() -> str:
    """Changes with any statement of what asks and decides."""
    package = Path(__file__).parents[2]
    paths = ["lmm.py", "pocket/instructions.py", "pocket/lmm/evaluate.py"]
    paths += [f"sections/{name}.py" for name in ("lmm_interaction", "measure/shape_bias")]
    paths += [f"pocket/lmm/{name}.py" for name in ("eye", "loading", "model", "tokens")]
    return statements_digest([package / path for path in paths])[:16]
