"""Checks of the notebook "Train your own"."""

import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from clipkit.errors import ClipkitError, CorruptData
from clipkit.pocket.dataset import load
from clipkit.pocket.store import file_sha256, read_manifest
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.files import read_metadata
from clipkit.pocket.zoo.recipe import Recipe, parse_recipe
from clipkit.workshop import data
from clipkit.workshop.feedback import NotYet, check, need, number

MOST_SAMPLES = 40_000  # what two slow cores see in five minutes


def read(text: str) -> Recipe:
    """A recipe from TOML text; raises BadInput for what is not one."""
    return parse_recipe({"name": "mine", **tomllib.loads(text)}, Path("your recipe"))


@check
def recipe_written(text: str) -> str:
    """TOML text of a recipe that trains within five minutes."""
    try:
        recipe = read(str(text))
    except ClipkitError as error:
        raise NotYet(str(error)) from None
    except ValueError as error:
        raise NotYet(f"This is no TOML yet: {error}") from None
    need(isinstance(recipe, Recipe), "That one starts from a trained model. Leave `parent` out.")
    need(
        recipe.data.pool <= 2400,
        f"{recipe.data.pool:,} pictures would be rendered first. Write pool = 2_400 or fewer.",
    )
    need(
        recipe.samples_seen <= MOST_SAMPLES,
        f"{recipe.samples_seen:,} samples take longer than five minutes. Stay at {MOST_SAMPLES:,} or below.",
    )
    return f"{recipe.steps} steps of {recipe.batch_size} pictures, out of {recipe.data.images:,}."


@check
def loss_written(loss: Callable) -> str:
    """A function (images, texts, scale) → a loss that falls when each image moves to its own text."""
    import torch

    need(callable(loss), "Write a function.")
    torch.manual_seed(0)
    texts = torch.nn.functional.normalize(torch.randn(16, 8), dim=1)
    noise = torch.nn.functional.normalize(texts + 0.3 * torch.randn(16, 8), dim=1)
    scale = torch.tensor(10.0, requires_grad=True)
    noise.requires_grad_(True)
    value = loss(noise, texts, scale)
    need(torch.is_tensor(value) and value.ndim == 0, "Return one number, as a tensor: end with .mean(), say.")
    need(bool(torch.isfinite(value)), f"It is {value.item()} on ordinary features.")
    value.backward()
    need(noise.grad is not None and bool(noise.grad.abs().sum() > 0), "It does not depend on the images.")
    shuffled = loss(noise.detach(), texts.roll(1, 0), scale.detach())
    need(bool(shuffled > value), "It is no higher when every image is given a wrong text. Turn its sign?")
    return f"{value.item():.3f} for the right pairs, {shuffled.item():.3f} for wrong ones: it can teach."


@check
def trained(path, recipe_text: str) -> str:
    """A file of weights whose own record is the recipe; tells what it learned."""
    import json

    path = Path(path)
    need(path.is_file(), f"There is no file {path.name}.")
    said = read_metadata(path)
    own, wanted = json.loads(said["recipe"]), json.loads(read(recipe_text).to_json())
    differ = [k for k in wanted if k != "name" and own.get(k) != wanted[k]]
    need(not differ, f"That file was trained by another recipe: {', '.join(differ)} differ. Train again.")
    samples, loss, reached = json.loads(said["curve"])[-1]
    return (
        f"After {samples:,} samples the loss is {loss:.2f} and {reached:.1%} of the wild validation pictures are right "
        f"(chance: {1 / len(CLASS_NAMES):.1%}). Recipe, data and versions stand in the file itself."
    )


@check
def recipe_broken(text: str) -> str:
    """TOML text that is no recipe; tells what the refusal says."""
    try:
        tomllib.loads(str(text))
    except ValueError:
        raise NotYet(
            "This is not even TOML. Make it subtler: a key that does not exist, or text for a number."
        ) from None
    try:
        recipe = read(str(text))
    except ClipkitError as error:
        return f"Refused before anything ran: {error.problem}. {error.remedy}"
    except KeyError as error:
        raise NotYet(f"{error} is missing: that is one way, but make one that *looks* right.") from None
    raise NotYet(f"This is accepted, and would train for {recipe.samples_seen:,} samples. Misspell a key.")


@check
def byte_changed(tamper: Callable) -> str:
    """A function that changes a byte of a rendered set's folder and leaves its size; tells how it was caught."""
    need(callable(tamper), "Write a function.")
    with tempfile.TemporaryDirectory() as folder:
        spec = replace(data.spec("far-textures"), n=4)
        here = load(spec, Path(folder), progress=False).folder
        before = {p.name: (p.stat().st_size, file_sha256(p)) for p in here.iterdir()}
        tamper(here)
        after = {p.name: (p.stat().st_size, file_sha256(p)) for p in here.iterdir()}
        need(before != after, "Every byte is as it was.")
        changed = [name for name in before if before[name] != after.get(name)]
        need(set(after) == set(before), "You added or removed a file. Change one byte within a file.")
        need(
            all(after[n][0] == before[n][0] for n in changed),
            "The size changed, which anybody would see. Keep it.",
        )
        try:
            read_manifest(here)
        except CorruptData as error:
            return f"Caught: {error.problem.replace(str(here), '…')}. One byte of {before[changed[0]][0]:,} was enough."
        raise NotYet(
            f"You changed {changed[0]}, and nobody noticed! That file is not under a checksum: try another."
        )


@check
def identity_told(answer, candidates: dict[str, object]) -> str:
    """Which changes of a recipe make other weights, and so another identity."""
    need(isinstance(answer, list | tuple | set), "Write a list of names.")
    base = Recipe(name="mine", model="pocket-resnet")
    truth = {k for k, v in candidates.items() if replace(base, **{k: v}).to_json() != base.to_json()}
    found = set(map(str, answer))
    need(found <= set(candidates), f"{sorted(found - set(candidates))} are not among the candidates.")
    need(found >= truth, f"{len(truth - found)} more of them would give other weights.")
    need(found == truth, f"{sorted(found - truth)} leave the weights as they are.")
    return "A checkpoint of another identity is refused: a run never goes on from what it did not begin with."


@check
def curve_read(letter, curve) -> str:
    """Whether training had ended: the accuracy at the last mark against that at the one before the last quarter."""
    reached = np.array([row[2] for row in curve])
    number(reached[-1], "the last accuracy")
    truth = "a" if reached[-1] - reached[len(reached) * 3 // 4 - 1] > 0.01 else "b"
    need(str(letter).strip().lower() in ("a", "b"), f"{letter!r} is neither a nor b.")
    need(
        str(letter).strip().lower() == truth,
        "Compare the last row with the one at three quarters of the way.",
    )
    return "The learning rate falls to zero at the end: more samples need a longer recipe, not another start."
