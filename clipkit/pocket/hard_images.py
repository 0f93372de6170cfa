"""Hard images: wild pictures that a supervised reference gets wrong, the pocket analogue of ImageNet-A.

The reference is a model outside the zoo that was trained on a pool of its own. Which candidates it got wrong lies
in `hard_images.json`; the pictures themselves are drawn anew from (seed, candidate). The file is made by

    python -m clipkit.pocket.hard_images WEIGHTS

Read accuracies with care: the reference's own is 0 by construction, models that err like it lose most, and the
set says how models rank on somebody else's failures, not how hard the wild is (Hendrycks et al. 2021 chose
ImageNet-A so, with a ResNet-50).
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from clipkit.errors import BadInput, CorruptData, MissingData
from clipkit.pocket.dataset import SPLITS, Draw
from clipkit.pocket.store import file_sha256
from clipkit.pocket.world import RENDERER_VERSION, Scene, render
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.world.sampling import Dice, draw_from

NAME = "hard-images"
PER_CLASS = 20
LISTING = Path(__file__).with_suffix(".json")
_CHUNK = 260


class Chosen(NamedTuple):
    """The candidates of one split that the reference gets wrong: candidate i is `candidate(seed, i)`."""

    seed: int
    ids: tuple[int, ...]


def candidate(seed: int, i: int) -> Scene:
    """Scene i of the candidates: wild, the classes in turn."""
    return draw_from("wild", CLASS_NAMES[i % len(CLASS_NAMES)], Dice(seed, i))


def read_listing(path: Path = LISTING) -> tuple[Chosen, ...]:
    """What a listing chose, for each split; () where the file has not been made yet."""
    if not path.is_file():
        return ()
    try:
        splits = json.loads(path.read_text())["splits"].values()
        return tuple(Chosen(s["seed"], tuple(s["ids"])) for s in splits)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptData(f"{path} cannot be read: {error!r}", "make it anew") from None


def draw_hard(chosen: tuple[Chosen, ...], seed: int, n: int, size: int) -> Draw:
    """The chosen candidates of the split with this seed, the classes in turn; column `candidate` has their ids.

    chosen: from `read_listing`. Raises MissingData if nothing was chosen yet.
    """
    if not chosen:
        raise MissingData(
            "the hard images have not been chosen yet",
            "python -m clipkit.pocket.hard_images WEIGHTS, with the trained reference-resnet-s0",
        )
    ids = {c.seed: c.ids for c in chosen}.get(seed, ())
    if len(ids) != n:
        raise BadInput(
            f"{len(ids)} hard images were chosen from the candidates of seed {seed}, not {n}",
            "make the listing anew: python -m clipkit.pocket.hard_images WEIGHTS",
        )
    return Draw([candidate(seed, i) for i in ids], {"candidate": list(ids)})


def first_wrong(answers: np.ndarray, per_class: int = PER_CLASS) -> tuple[list[int], dict[str, int]]:
    """The first `per_class` wrongly classified candidates of each class, and how many were wrong in all.

    answers: int (n,), the class that the reference gives to each candidate, whose own class is i modulo 26. In
    order of their drawing, whatever the confidence. The ids come with the classes in turn. Raises BadInput
    that names the classes with too few errors.
    """
    labels = np.arange(len(answers)) % len(CLASS_NAMES)
    wrong = [np.flatnonzero((labels == c) & (answers != c)) for c in range(len(CLASS_NAMES))]
    counts = {name: len(w) for name, w in zip(CLASS_NAMES, wrong, strict=True)}
    few = [f"{name} {count}" for name, count in counts.items() if count < per_class]
    if few:
        raise BadInput(
            f"too few of {len(answers)} candidates are misclassified for {per_class} per class: {', '.join(few)}",
            "draw more candidates (--candidates)",
        )
    return [int(w[k]) for k in range(per_class) for w in wrong], counts


def choose(
    classify: Callable[[np.ndarray], np.ndarray],
    seed: int,
    candidates: int,
    per_class: int = PER_CLASS,
    size: int = 48,
    samples: int = 4,
    progress: bool = True,
) -> dict:
    """One split of the listing; classify: uint8 images (m, size, size, 3) → int classes (m,).

    candidates: number per class. All are rendered, so that the share of errors is known for every class.
    """
    n = candidates * len(CLASS_NAMES)
    answers = np.empty(n, int)
    for start in tqdm(range(0, n, _CHUNK), desc=f"candidates {seed}", disable=not progress):
        scenes = [candidate(seed, i) for i in range(start, min(start + _CHUNK, n))]
        answers[start : start + len(scenes)] = classify(render(scenes, size, samples))
    ids, wrong = first_wrong(answers, per_class)
    return {"seed": seed, "candidates": n, "wrong": wrong, "ids": ids}


def classifier(weights: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Top-1 answers of a supervised pocket model, the file NAME.safetensors that its training wrote."""
    from clipkit.pocket.zoo.batches import to_tensor
    from clipkit.pocket.zoo.loading import load_net
    from clipkit.pocket.zoo.towers import Classifier

    if not weights.is_file():
        raise MissingData(
            f"no weights {weights}", "train them: clipkit pocket train reference-resnet --out DIR"
        )
    net = load_net(weights.stem, weights.parent)
    if not isinstance(net, Classifier) or net.head.out_features != len(CLASS_NAMES):
        raise BadInput(
            f"{weights} has no head of its own for the {len(CLASS_NAMES)} known classes",
            "give the supervised reference's weights",
        )
    return lambda images: net(to_tensor(images)).argmax(1).numpy()


def make_listing(
    weights: Path,
    path: Path = LISTING,
    candidates: int = 400,
    per_class: int = PER_CLASS,
    progress: bool = True,
) -> dict:
    """Choose for every split with the reference's weights, and write the listing."""
    from clipkit.pocket.sets import set_spec

    classify = classifier(weights)
    specs = [set_spec(NAME, split) for split in SPLITS]
    listing = {
        "reference": weights.stem,
        "weights_sha256": file_sha256(weights),
        "renderer_version": RENDERER_VERSION,
        "splits": {
            s.split: choose(classify, s.seed, candidates, per_class, s.size, s.samples, progress)
            for s in specs
        },
    }
    path.write_text(json.dumps(listing, separators=(",", ":")) + "\n")
    return listing


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path, help="safetensors file of the supervised reference")
    parser.add_argument("--candidates", type=int, default=400, help="pictures per class and split")
    given = parser.parse_args(arguments)
    for split, chosen in make_listing(given.weights, candidates=given.candidates)["splits"].items():
        wrong = sum(chosen["wrong"].values())
        print(
            f"{split}: {wrong} of {chosen['candidates']} candidates misclassified, {len(chosen['ids'])} kept"
        )


if __name__ == "__main__":
    main()
