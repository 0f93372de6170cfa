"""Train one pocket model: `python -m clipkit.pocket.zoo.train RECIPE --out DIR [--seed N]`.

open_clip's own model, tokenizer and losses; one thread; a checkpoint once a minute, from which a killed run
goes on exactly as if it had not been killed.
"""

import argparse
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from open_clip.loss import ClipLoss, SigLipLoss
from safetensors.torch import save_file

from clipkit.errors import BadInput, CorruptData
from clipkit.pocket import models
from clipkit.pocket.sets import load_set
from clipkit.pocket.vocabulary import article
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.batches import TrainingData, batch, load_training_data, to_tensor
from clipkit.pocket.zoo.recipe import BaseRecipe, FinetuneRecipe, OptimizerRecipe, Recipe, read_recipe
from clipkit.pocket.zoo.towers import Classifier
from clipkit.results import versions

CURVE_POINTS = 20
_MAX_LOGIT_SCALE = math.log(100)


class Learning(torch.nn.Module):
    """What every training needs of its `model`: an open_clip CLIP or a `Classifier`."""

    model: torch.nn.Module

    @torch.no_grad()
    def accuracy(self, images: torch.Tensor, labels: np.ndarray) -> float:
        """Top-1 accuracy in [0, 1] on the known classes: zero-shot with one prompt per class, or of the head."""
        self.eval()
        if isinstance(self.model, Classifier):
            logits = torch.cat([self.model(x) for x in images.split(128)])
        else:
            prompts = models.tokenizer()([article(f"a photo of a {c}") for c in CLASS_NAMES])
            text = self.model.encode_text(prompts, normalize=True)
            logits = (
                torch.cat([self.model.encode_image(x, normalize=True) for x in images.split(128)]) @ text.T
            )
        self.train()
        return float((logits.argmax(1).numpy() == labels).mean())

    def after_step(self) -> None:
        """Keep the logit scale in CLIP's range."""
        if hasattr(self.model, "logit_scale"):
            with torch.no_grad():
                self.model.logit_scale.clamp_(0, _MAX_LOGIT_SCALE)


class Learner(Learning):
    """A pocket model and its training objective; if that is supervised, an image tower with a linear head."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.recipe = recipe
        model = models.create(recipe.model).to(memory_format=torch.channels_last)
        if recipe.objective == "supervised":
            self.model = Classifier(model.visual, len(CLASS_NAMES), normalise=False)
            return
        self.model = model
        self.criterion = SigLipLoss() if recipe.objective == "sigmoid" else ClipLoss()
        if (recipe.objective == "sigmoid") != (model.logit_bias is not None):
            raise BadInput(
                f"recipe {recipe.name}: model {recipe.model} does not fit objective {recipe.objective}",
                "the sigmoid loss needs a model with a logit bias, the others one without",
            )

    def batch(self, data: TrainingData, seed: int, step: int):
        return batch(data, self.recipe.batch_size, seed, step)

    def loss(self, images, tokens, labels) -> torch.Tensor:
        if self.recipe.objective == "supervised":
            return F.cross_entropy(self.model(images), labels)
        return self.criterion(*self.model(images, tokens))

    def weights(self) -> dict[str, torch.Tensor]:
        """What the final file holds: parameters under open_clip's names, or those of a `Classifier`."""
        return compact(self.model.state_dict())


def optimizers(learner: torch.nn.Module, recipe: OptimizerRecipe) -> list[torch.optim.Optimizer]:
    """AdamW, without weight decay on vectors and scalars; Muon on the blocks' matrices on request."""
    muon, decayed, plain = [], [], []
    for name, p in learner.named_parameters():
        if not p.requires_grad:
            continue
        if recipe.name == "muon" and p.ndim == 2 and "resblocks" in name:
            muon.append(p)
        else:
            (decayed if p.ndim > 1 else plain).append(p)
    groups = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    found: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(groups, lr=recipe.lr, betas=(0.9, 0.98), eps=1e-6)
    ]
    if recipe.name == "muon":
        if not muon:
            raise BadInput(
                "Muon takes the matrices of transformer blocks, and this model has none", 'use name = "adamw"'
            )
        found.append(torch.optim.Muon(muon, lr=recipe.muon_lr, weight_decay=recipe.weight_decay))
    return found


def schedule(step: int, steps: int, warmup: float) -> float:
    """Factor on the learning rate: linear up over the `warmup` share of the steps, within a half cosine to 0.

    >>> schedule(0, 100, 0.1), round(schedule(50, 100, 0.1), 2)
    (0.1, 0.5)
    """
    rise = (step + 1) / max(1, int(warmup * steps))
    return min(rise, 0.5 * (1 + math.cos(math.pi * step / steps)))


def train_step(
    learner: torch.nn.Module, found: list, recipe: OptimizerRecipe, steps: int, batch: tuple, step: int
) -> float:
    """One update; returns the loss."""
    factor = schedule(step, steps, recipe.warmup)
    for optimizer, base in zip(found, (recipe.lr, recipe.muon_lr), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = base * factor
        optimizer.zero_grad()
    loss = learner.loss(*batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(learner.parameters(), recipe.clip)
    for optimizer in found:
        optimizer.step()
    learner.after_step()
    return loss.item()


def _write(path: Path, save) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    save(temporary)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def _resume(path: Path, learner, found, identity: str):
    """Step and curve of the checkpoint at `path`, its state loaded; (0, [], nan) if there is none."""
    if not path.is_file():
        return 0, [], float("nan")
    try:
        saved = torch.load(path, weights_only=True)
    except Exception as error:
        raise CorruptData(
            f"checkpoint {path} cannot be read: {error}", "delete it; the run starts anew"
        ) from None
    if saved["identity"] != identity:
        raise BadInput(
            f"checkpoint {path} belongs to another recipe, seed or data", "delete it, or choose another --out"
        )
    learner.load_state_dict(saved["learner"])
    for optimizer, state in zip(found, saved["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    return saved["step"], saved["curve"], saved["running"]


def compact(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Half precision for matrices and kernels; vectors, scalars and counters as they are."""
    return {
        k: (v.half() if v.ndim > 1 and v.is_floating_point() else v).contiguous() for k, v in weights.items()
    }


def begin(recipe: BaseRecipe, out: Path, seed: int) -> Path:
    """Set one thread and the seed; the file to write, which is announced if it is there already."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    final = out / f"{recipe.name}-s{seed}.safetensors"
    if final.is_file():
        print(f"{final.name} is there already", flush=True)
    return final


def run(
    recipe: Recipe, out: Path, seed: int, every: float = 60.0, stop_after: int | None = None
) -> Path | None:
    """Train, or go on training, and write DIR/NAME-sSEED.safetensors; returns its path.

    every: seconds between checkpoints. stop_after: leave with a checkpoint after that many steps (None is
    returned), for tests. The file's metadata hold recipe, data fingerprint, seed, curve and versions.
    """
    final = begin(recipe, out, seed)
    if final.is_file():
        return final
    data = load_training_data(recipe.data, models.tokenizer(recipe.model), out)
    return fit(Learner(recipe), recipe, recipe.steps, data, final, seed, every, stop_after)


def fit(
    learner, recipe, steps: int, data: TrainingData, final: Path, seed: int, every: float = 60.0,
    stop_after: int | None = None, watch: bool = True,
) -> Path | None:  # fmt: skip
    """The training loop behind `run`; `learner` gives batches, loss, accuracy and the weights to write.

    watch: follow the accuracy on the wild validation draw, of which every third image is used.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    checkpoint = final.with_suffix(".checkpoint.pt")
    found = optimizers(learner.train(), recipe.optimizer)
    identity = json.dumps([recipe.to_json(), seed, data.fingerprint])
    step, curve, running = _resume(checkpoint, learner, found, identity)
    marks = {round(steps * (k + 1) / CURVE_POINTS) for k in range(CURVE_POINTS)}
    watched = load_set("wild", "validation")
    shown, labels = to_tensor(watched.images[::3]), watched.labels[::3]

    def save_checkpoint():
        state = {
            "identity": identity,
            "learner": learner.state_dict(),
            "optimizers": [o.state_dict() for o in found],
            "step": step,
            "curve": curve,
            "running": running,
        }
        _write(checkpoint, lambda p: torch.save(state, p))

    begun, last, first = time.monotonic(), time.monotonic(), step
    while step < steps:
        batch = learner.batch(data, seed, step)
        loss = train_step(learner, found, recipe.optimizer, steps, batch, step)
        step += 1
        running = loss if math.isnan(running) else 0.97 * running + 0.03 * loss
        if step in marks:
            reached = learner.accuracy(shown, labels) if watch else math.nan
            curve.append([step * len(batch[0]), round(running, 5), round(reached, 5)])
        if time.monotonic() - last > every or step - first == stop_after:
            save_checkpoint()
            last = time.monotonic()
            rate = (step - first) * len(batch[0]) / (last - begun)
            reached = f"wild validation {curve[-1][2]:.3f}" if curve else "no validation yet"
            print(
                f"{final.stem} step {step}/{steps} loss {running:.3f} {reached} {rate:.0f} samples/s",
                flush=True,
            )
        if step - first == stop_after and step < steps:
            return None
    said = {
        "recipe": recipe.to_json(),
        "seed": str(seed),
        "data_fingerprint": data.fingerprint,
        "versions": versions(),
        "class_names": json.dumps(data.class_names),
        "curve": json.dumps(curve),
        "curve_columns": '["samples", "loss", "wild_validation_accuracy"]',
        "format": "pt",
    }
    _write(final, lambda p: save_file(learner.weights(), p, said))
    checkpoint.unlink(missing_ok=True)
    print(
        f"{final.name}: wild validation {curve[-1][2]:.3f}, {(time.monotonic() - begun) / 60:.1f} minutes",
        flush=True,
    )
    return final


def run_recipe(recipe: BaseRecipe, out: Path, seed: int) -> Path:
    """Train from scratch or fine-tune, as the recipe says; returns the file of weights."""
    if isinstance(recipe, FinetuneRecipe):
        from clipkit.pocket.zoo import finetune  # which is made of this module

        return finetune.run(recipe, out, seed)
    return run(recipe, out, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", help="TOML file, or the name of a shipped recipe")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    run_recipe(read_recipe(arguments.recipe), arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
