"""Train the pocket LMMs: `python -m clipkit.pocket.lmm.train [TOWER ...] --out DIR`; restartable.

Three stages, each a file that the next one starts from: the language model on text, once for all towers; the
projector on captions; projector and language model on instructions. Each goes on from its checkpoint when killed.
"""

import argparse
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from clipkit.models.weights import read_weights
from clipkit.pocket.lmm.eye import Eye, ImageTokens
from clipkit.pocket.lmm.lessons import Lessons, image_lessons, text_lessons
from clipkit.pocket.lmm.model import PocketLmmNet
from clipkit.pocket.lmm.recipe import LmmRecipe, Stage, read_recipe
from clipkit.pocket.lmm.tokens import rows
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.model import tower_digest
from clipkit.pocket.zoo.recipe import OptimizerRecipe, split_name
from clipkit.pocket.zoo.train import compact, fit

NAME_QUESTION = "what is this?"


@dataclass(frozen=True)
class StageRecipe:
    """One stage of a recipe, in the shape of a recipe of the zoo; `base` is the digest of what it starts from."""

    recipe: LmmRecipe
    stage: str
    tower: str = ""
    base: str = ""

    @property
    def of_stage(self) -> Stage:
        return getattr(self.recipe, self.stage)

    @property
    def optimizer(self) -> OptimizerRecipe:
        return OptimizerRecipe(lr=self.of_stage.lr)

    def to_json(self) -> str:
        values = {"stage": self.stage, "tower": self.tower, "base": self.base}
        return json.dumps({**json.loads(self.recipe.to_json()), **values}, sort_keys=True)


class LmmLearner(torch.nn.Module):
    """One stage: what is learned, from which batches, and how well the LMM then names what it sees."""

    def __init__(self, recipe: StageRecipe, net: PocketLmmNet, eye: Eye):
        super().__init__()
        self.net, self.recipe = net, recipe
        self.look = cache(eye.look)  # the images of `accuracy` are always the same
        net.language.requires_grad_(recipe.stage != "alignment")
        net.projectors.requires_grad_(recipe.stage != "language")

    def batch(self, data: Lessons, seed: int, step: int):
        """Token ids, answer marks and image tokens of the lessons of one step.

        Every epoch is shuffled anew; among those of eight batches, lessons of like length go together, so that
        little is padded.
        """
        size = self.recipe.of_stage.batch_size
        epoch, turn = divmod(step, len(data.said) // (8 * size) * 8)
        order = np.random.default_rng([seed, 4, epoch]).permutation(len(data.said))
        group = order[turn // 8 * 8 * size :][: 8 * size]
        group = group[np.argsort(data.lengths[group], kind="stable")]
        chosen = [data.said[k] for k in group[turn % 8 * size :][:size]]
        ids, answer = rows([one.question for one in chosen], [one.answer for one in chosen])
        if data.tokens is None:
            return ids, answer
        seen = data.tokens[torch.tensor([one.image for one in chosen])]
        return ids, answer, seen.grid, seen.pooled

    def loss(self, ids, answer, *image) -> torch.Tensor:
        prefix = self.net.prefix(ImageTokens(*image)) if image else self.net.no_prefix(len(ids))
        return F.cross_entropy(self.net.answer_logits(prefix, ids, answer), ids[answer])

    @torch.no_grad()
    def accuracy(self, images: torch.Tensor, labels: np.ndarray) -> float:
        """Share of images (n, 3, 48, 48) of which it says, asked what this is, the class and no more."""
        ids, answer = rows([NAME_QUESTION] * len(labels), [CLASS_NAMES[c] for c in labels])
        prefix = self.net.prefix(self.look(images))
        right = self.net.answer_logits(prefix, ids, answer).argmax(1) == ids[answer]
        image = torch.arange(len(ids))[:, None].expand_as(ids)[answer]
        return 1 - len(image[~right].unique()) / len(ids)

    def after_step(self) -> None:
        """Nothing to keep in range."""

    def weights(self) -> dict[str, torch.Tensor]:
        """What the stage has trained."""
        return compact({name: p.detach() for name, p in self.net.named_parameters() if p.requires_grad})


def run(
    recipe: LmmRecipe, tower: str, out: Path, every: float = 60.0, stop_after: int | None = None
) -> Path | None:
    """Train the LMM of a tower, or go on, and write DIR/lmm-TOWER.safetensors; returns its path.

    The tower's seed is the LMM's. every, stop_after: as in `clipkit.pocket.zoo.train.run`, for the stage at hand.
    """
    torch.set_num_threads(1)
    seed, eye = split_name(tower)[1], Eye(tower)
    files = {
        "language": out / f"language-s{seed}.safetensors",
        "alignment": out / f"lmm-{tower}.alignment.safetensors",
        "instruction": out / f"lmm-{tower}.safetensors",
    }
    for k, (stage, path) in enumerate(files.items()):
        if path.is_file():
            continue
        torch.manual_seed(seed)
        net = PocketLmmNet(recipe, *eye.widths)
        for before in list(files.values())[:k]:
            net.load_state_dict(read_weights(before), strict=False)
        if stage == "language":
            about, data = StageRecipe(recipe, stage), text_lessons(recipe)
        else:
            about = StageRecipe(recipe, stage, tower, tower_digest(tower))
            data = image_lessons(recipe, stage, eye)
        learner, watch = LmmLearner(about, net, eye), stage != "language"
        if not fit(learner, about, about.of_stage.steps, data, path, seed, every, stop_after, watch):
            return None
    return files["instruction"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("towers", nargs="*", help="names of pocket models; by default the recipe's")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    recipe = read_recipe()
    for tower in arguments.towers or recipe.towers:
        run(recipe, tower, arguments.out)


if __name__ == "__main__":
    main()
