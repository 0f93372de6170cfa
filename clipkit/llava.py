"""LLaVA 1.5 and 1.6 by transformers, and how endings are scored that share an image and a question."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from clipkit.errors import BadInput, MissingData
from clipkit.lmm import Lmm
from clipkit.models.random import SUFFIX
from clipkit.models.weights import sha256_of


def ending_log_probabilities(decoder, prompts, endings: Sequence[Sequence[int]]) -> torch.Tensor:
    """Sum of the log-probabilities of the tokens of each ending, after its prompt; (n · k,).

    decoder: transformers' causal language model; prompts: its output on n prompts of one length, cache included; the
    first k endings belong to the first prompt, and so on. Prompts, and so images, are read once for all their endings.
    """
    k = len(endings) // len(prompts.logits)
    ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(end) for end in endings], batch_first=True)
    counts = torch.arange(ids.shape[1]) < torch.tensor([[len(end)] for end in endings])
    ids, counts = ids.to(prompts.logits.device), counts.to(prompts.logits.device)
    prompts.past_key_values.batch_repeat_interleave(k)
    later = decoder(input_ids=ids[:, :-1], past_key_values=prompts.past_key_values).logits
    logits = torch.cat([prompts.logits[:, -1:].repeat_interleave(k, 0), later], 1).float()
    picked = logits.log_softmax(-1).gather(2, ids[..., None])[..., 0]
    return torch.where(counts, picked, 0.0).sum(1)


class Llava(Lmm):
    """transformers' LLaVA 1.5 or 1.6 (LLaVA-NeXT); made by `load_llava`.

    The prompt is the checkpoint's own chat template around the image and the question. max_new_tokens: where a
    generated answer is cut off.
    """

    def __init__(self, name: str, net: torch.nn.Module, processor, max_new_tokens: int = 512):
        self.name, self.net, self.processor = name, net.eval(), processor
        self.max_new_tokens = max_new_tokens

    def _prompt(self, image: Image.Image, question: str):
        turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}
        text = self.processor.apply_chat_template([turn], add_generation_prompt=True)
        given = self.processor(images=image, text=text, return_tensors="pt")
        return given.to(self.net.device, self.net.dtype)

    @torch.inference_mode()
    def _score(self, images, questions, answers):
        tokenizer, found = self.processor.tokenizer, []
        for image, question, own in zip(images, questions, answers, strict=True):
            # Tokenised apart from the prompt, as they would be generated.
            ends = [[*tokenizer(a, add_special_tokens=False).input_ids, tokenizer.eos_token_id] for a in own]
            prompt = self.net(**self._prompt(image, question), use_cache=True, logits_to_keep=1)
            total = ending_log_probabilities(self.net, prompt, ends)
            found.append((total.cpu().numpy(), np.array([len(end) for end in ends])))
        return found

    @torch.inference_mode()
    def _generate(self, images, questions):
        found = []
        for image, question in zip(images, questions, strict=True):
            given = self._prompt(image, question)
            ids = self.net.generate(**given, do_sample=False, max_new_tokens=self.max_new_tokens)
            new = ids[0, given["input_ids"].shape[1] :]
            found.append(self.processor.tokenizer.decode(new, skip_special_tokens=True).strip())
        return found


def load_llava(
    source: str | Path, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> Llava:
    """LLaVA 1.5 or 1.6 from a folder, or by its hub id such as "llava-hf/llava-1.5-7b-hf".

    "SOURCE/random" has the architecture and the processor of SOURCE, and random weights: to try a set-up, no evidence.
    Weights are read from safetensors alone. Raises MissingData for a path that does not exist, BadInput for another
    kind of model.
    """
    from transformers import (
        AutoProcessor,
        LlavaForConditionalGeneration,
        LlavaNextForConditionalGeneration,
    )

    kinds = {"llava": LlavaForConditionalGeneration, "llava_next": LlavaNextForConditionalGeneration}
    place = str(source).removesuffix(SUFFIX)
    config = _config(place)
    kind = config.model_type
    if kind not in kinds:
        raise BadInput(f"{place} is a {kind!r} model", f"give one of {', '.join(kinds)}")
    if is_random(source):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            net = kinds[kind](config).to(dtype)
    else:
        net = kinds[kind].from_pretrained(place, dtype=dtype, use_safetensors=True)
    return Llava(llava_name(source), net.to(device), AutoProcessor.from_pretrained(place))


def is_random(source: str | Path) -> bool:
    """Whether weights are drawn instead of read."""
    return str(source).endswith(SUFFIX)


def llava_name(source: str | Path) -> str:
    """The last part of a source.

    >>> llava_name("llava-hf/llava-1.5-7b-hf"), llava_name("models/mine/random")
    ('llava-1.5-7b-hf', 'mine/random')
    """
    name = Path(str(source).removesuffix(SUFFIX)).name
    return f"{name}{SUFFIX}" if is_random(source) else name


def weights_of(source: str | Path) -> str:
    """What tells the weights of a source from others: "random", the hub's commit, or a sha256 over a folder's files."""
    if is_random(source):
        return SUFFIX[1:]
    if not Path(source).is_dir():
        return f"{source}@{_config(str(source))._commit_hash}"
    sums = [sha256_of(path) for path in sorted(Path(source).glob("*.safetensors"))]
    return hashlib.sha256("".join(sums).encode()).hexdigest()


def _config(place: str):
    """The configuration in a folder or of a hub id; raises MissingData where it cannot be had."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(place)
    except OSError as error:
        raise MissingData(
            f"no folder {place} with a config.json, and the hub does not give one ({str(error).splitlines()[0]})",
            "give a folder that save_pretrained wrote, or a hub id such as llava-hf/llava-1.5-7b-hf",
        ) from None
