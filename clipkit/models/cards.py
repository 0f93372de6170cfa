"""What is known of a model before it is loaded: one frozen card each, built from the zoo lists."""

import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from math import nan

from clipkit import zoo
from clipkit.errors import UnknownName
from clipkit.registry import Registry, did_you_mean

KINDS = ("zero_shot", "finetuned", "baseline", "local")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """One model. The factors the paper crosses are columns, so that a comparison is a query.

    The factors: architecture (`architecture`, `tower_kind`), training distribution (`source`), training-set
    size (`training_pairs`, in millions of image-text pairs, NaN where unknown), fine-tuning (`finetuning`,
    "none" for a model used as pre-trained), loss (`loss`), and test-time prompts, which a model has only if
    `prompts` is true; which prompts were used belongs to the result, not to the model.

    `track` is "pocket" for the models that the project trained itself, "full" for all others.
    `weights` is a hub tag or a file. `weights_sha256`, `preprocessing` (JSON), `quickgelu` (None: the
    architecture has no such choice), `logit_scale` (already exponentiated) and `logit_bias` are known once
    the weights are loaded; the card of a loaded model has them. `run` names the training run: checkpoints
    that share it are not independent.
    """

    name: str
    kind: str
    track: str = "full"
    architecture: str
    tower_kind: str = ""
    source: str = ""
    training_pairs: float = nan
    finetuning: str = "none"
    loss: str = ""
    prompts: bool = True
    parent: str = ""
    curated: str = ""
    pool: str = ""
    run: str = ""
    weights: str = ""
    weights_sha256: str = ""
    preprocessing: str = ""
    quickgelu: bool | None = None
    logit_scale: float = nan
    logit_bias: float | None = None

    def identity(self) -> dict[str, str | bool | None]:
        """What decides a tower's features: two loaded cards with equal identities embed alike."""
        return {
            "architecture": self.architecture,
            "weights_sha256": self.weights_sha256,
            "quickgelu": self.quickgelu,
            "preprocessing": self.preprocessing,
        }

    def to_json(self) -> str:
        """The card as JSON; NaN becomes null."""
        return json.dumps({k: None if v != v else v for k, v in asdict(self).items()}, sort_keys=True)


def card(name: str) -> ModelCard:
    """The card called `name`: "ARCHITECTURE/TAG" (or with ":") for open_clip, the timm name for the others.

    Raises UnknownName, with the nearest known names.

    >>> card("ViT-B-32:openai").quickgelu, card("ViT-B-32/openai").source
    (True, 'WIT')
    """
    return cards()[name.replace(":", "/", 1)]


@cache
def cards() -> Registry[ModelCard]:
    """Every model of the zoo lists and of the pocket laboratory, by name."""
    found: Registry[ModelCard] = Registry("model")
    for row in zoo.zero_shot().to_dict("records"):
        found.add(row["model"], _zero_shot(row))
    for row in zoo.finetuned().to_dict("records"):
        found.add(row["model"], _finetuned(row, found))
    for row in zoo.baselines().to_dict("records"):
        found.add(row["model"], _baseline(row))
    for pocket in _pocket():
        found.add(pocket.name, pocket)
    return found


def _pocket() -> tuple[ModelCard, ...]:
    # The cards of the pocket models are ModelCards, so that module imports this one.
    from clipkit.pocket.zoo.cards import pocket_cards

    return pocket_cards()


def tower_family(card: ModelCard) -> str:
    """The family of a model's image tower: that of the zoo's list for CLIPs, else the architecture's first word.

    >>> tower_family(card("ViT-B-16-SigLIP/webli")), tower_family(card("tf_efficientnet_b0.ns_jft_in1k"))
    ('ViT(SigLIP)', 'efficientnet')
    """
    known = _clip_families()
    if found := known.get(card.name) or known.get(card.parent) or known.get(card.architecture):
        return found
    word = re.sub("^(pocket-|tf_|dm_|wide_)", "", card.architecture).split("_")[0]
    return re.sub(r"(?<!v)\d+[a-z]?$", "", word)  # the depth, not the 2 of "v2"


@cache
def _clip_families() -> dict[str, str]:
    listed = zoo.zero_shot()
    return dict(zip([*listed.model, *listed.arch], [*listed.tower_family] * 2, strict=True))


def tags(architecture: str) -> list[str]:
    """The tags the zoo knows for an open_clip architecture; raises UnknownName if there is none.

    >>> tags("RN101-quickgelu")
    ['openai', 'yfcc15m']
    """
    known = cards()
    names = [c.weights for c in known.values() if c.kind == "zero_shot" and c.architecture == architecture]
    if not names:
        archs = {c.architecture for c in known.values() if c.kind == "zero_shot"}
        raise UnknownName(f"unknown architecture {architecture!r}", did_you_mean(architecture, archs))
    return names


def _zero_shot(row: dict) -> ModelCard:
    return ModelCard(
        name=row["model"],
        kind="zero_shot",
        architecture=row["arch"],
        tower_kind=row["tower_kind"],
        source=row["source"],
        training_pairs=row["train_pairs_M"],
        loss=row["loss"],
        curated=row["curated"],
        pool=row["pool"],
        run=row["run"],
        weights=row["pretrained"],
        quickgelu=row["quickgelu"],
    )


def _finetuned(row: dict, zero_shot: Registry[ModelCard]) -> ModelCard:
    # Pairs and loss are those of the pre-training; unknown where the zoo does not know the parent.
    parent = zero_shot[row["parent"]] if row["parent"] in zero_shot else None
    return ModelCard(
        name=row["model"],
        kind="finetuned",
        architecture=row["model"].split(".")[0],
        tower_kind=row["tower_kind"],
        source=row["source"],
        training_pairs=parent.training_pairs if parent else nan,
        finetuning=row["finetune"],
        loss=parent.loss if parent else "",
        prompts=False,
        parent=row["parent"],
        curated=parent.curated if parent else "",
        run=row["run"],
        weights=f"timm/{row['model']}",
    )


def _baseline(row: dict) -> ModelCard:
    return ModelCard(
        name=row["model"],
        kind="baseline",
        architecture=row["model"].split(".")[0],
        source=row["group"],
        prompts=False,
        run=row["run"],
        weights=f"timm/{row['model']}",
    )
