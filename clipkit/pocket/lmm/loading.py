"""A trained pocket LMM through the interface of every other LMM."""

import json
from pathlib import Path

import numpy as np
import torch

from clipkit.errors import MissingData
from clipkit.llava import ending_log_probabilities
from clipkit.lmm import Lmm
from clipkit.models.weights import load_into, read_weights
from clipkit.pocket.lmm.eye import GRID, Eye, ImageTokens
from clipkit.pocket.lmm.model import PocketLmmNet
from clipkit.pocket.lmm.recipe import read_recipe
from clipkit.pocket.lmm.tokens import decode, encode, specials
from clipkit.pocket.tokenizer import CONTEXT_LENGTH
from clipkit.pocket.zoo.files import read_metadata

WEIGHTS = Path(__file__).parent / "weights"
PREFIX = "lmm-"
_BATCH = 64  # times the answers of a question: more than that no longer fits a processor's cache


def lmm_names(folder: Path = WEIGHTS) -> list[str]:
    """The pocket LMMs in a folder, by default those shipped: "lmm-" and the name of the tower."""
    return sorted(path.stem for path in folder.glob(f"{PREFIX}*.safetensors") if path.stem.count(".") == 0)


def load_lmm(name: str, folder: Path = WEIGHTS, blind: bool = False) -> "PocketLmm":
    """The LMM called `name`, in evaluation mode; raises MissingData where it has no weights.

    blind: as `BlindLmm`.
    """
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        raise MissingData(f"no weights of {name} in {folder}", "train it: python -m clipkit.pocket.lmm.train")
    tower = json.loads(read_metadata(path)["recipe"])["tower"]
    eye, state = Eye(tower), read_weights(path)
    net = PocketLmmNet(read_recipe(), *eye.widths)
    state["language.lm_head.weight"] = state["language.model.embed_tokens.weight"]  # they are one
    load_into(net, state, str(path))
    kind = BlindLmm if blind else PocketLmm
    return kind(name, tower, eye, net.eval().requires_grad_(False))


class PocketLmm(Lmm):
    """A pocket LMM; images are uint8 (n, 48, 48, 3), or what `see` made of them.

    tower: name of the pocket model whose image tower it looks through.
    """

    def __init__(self, name: str, tower: str, eye: Eye, net: PocketLmmNet):
        self.name, self.tower, self.eye, self.net = name, tower, eye, net

    def see(self, images: np.ndarray) -> ImageTokens:
        """The tower's tokens, to ask several questions about the same images."""
        return self.eye.see(images)

    def _prefix(self, images) -> torch.Tensor:
        return self.net.prefix(images if isinstance(images, ImageTokens) else self.see(np.asarray(images)))

    def _prompts(self, images, questions, sizes):
        """Positions of questions that are asked together, and image and question as the decoder reads them.

        sizes: how many answers each has; together go those of one length, which need no padding, and one size.
        """
        prefix = self._prefix(images)
        asked = [(specials().begin, *encode(q)) for q in questions]
        embed = self.net.language.get_input_embeddings()
        kinds = [(len(ids), size) for ids, size in zip(asked, sizes, strict=True)]
        for kind in sorted(set(kinds)):
            same = [i for i, own in enumerate(kinds) if own == kind]
            for start in range(0, len(same), _BATCH):
                part = same[start : start + _BATCH]
                yield part, torch.cat([prefix[part], embed(torch.tensor([asked[i] for i in part]))], 1)

    @torch.inference_mode()
    def _score(self, images, questions, answers):
        ends = [[(*encode(a), specials().end) for a in own] for own in answers]
        found: list = [None] * len(questions)
        for part, given in self._prompts(images, questions, [len(own) for own in answers]):
            prompts = self.net.language(inputs_embeds=given, use_cache=True, logits_to_keep=1)
            total = ending_log_probabilities(
                self.net.language, prompts, [end for i in part for end in ends[i]]
            )
            for i, row in zip(part, total.reshape(len(part), -1).numpy(), strict=True):
                found[i] = row, np.array([len(end) for end in ends[i]])
        return found

    @torch.inference_mode()
    def _generate(self, images, questions):
        found = [""] * len(questions)
        for part, given in self._prompts(images, questions, [1] * len(questions)):
            new = self.net.language.generate(
                inputs_embeds=given,
                attention_mask=torch.ones(given.shape[:2], dtype=torch.long),
                do_sample=False,
                max_new_tokens=CONTEXT_LENGTH,
            )
            for i, ids in zip(part, new.tolist(), strict=True):
                found[i] = decode(ids[: (*ids, specials().end).index(specials().end)])
        return found


class BlindLmm(PocketLmm):
    """A pocket LMM whose image tokens are zero, whatever the image; what it answers well needs no image.

    Equal questions have equal answers, so each is asked once.
    """

    def _prefix(self, images) -> torch.Tensor:
        return torch.zeros(len(images), 1 + GRID**2, self.net.language.config.hidden_size)

    def _score(self, images, questions, answers):
        asked = list(zip(questions, map(tuple, answers), strict=True))
        once = list(dict.fromkeys(asked))
        found = dict(zip(once, super()._score(once, *zip(*once, strict=True)), strict=True))
        return [found[key] for key in asked]

    def _generate(self, images, questions):
        once = list(dict.fromkeys(questions))
        found = dict(zip(once, super()._generate(once, once), strict=True))
        return [found[question] for question in questions]
