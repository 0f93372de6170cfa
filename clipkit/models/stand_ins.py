"""Stand-ins for what lies on a hub alone: tokenizers and text towers of the same class, made here, of a few words.

They show that texts find their way through tokenizer and tower. They do not show that the hub's files are what they
should be: whoever uses one says so.
"""

from fnmatch import fnmatch
from pathlib import Path

WORDS = "a photo of the dog cat no two".split()

_TOKENIZERS = {
    "timm/ViT-*-SigLIP2*": "GemmaTokenizer",
    "timm/ViT-*-SigLIP*": "T5Tokenizer",
    "bert-base-uncased": "BertTokenizer",
    "facebook/xlm-v-base": "XLMRobertaTokenizer",
    "xlm-roberta-*": "XLMRobertaTokenizer",
    "roberta-base": "RobertaTokenizer",
    "facebook/nllb-*": "NllbTokenizer",
}
_CONFIGS = {
    "xlm-roberta-*": ("XLMRobertaConfig", {"num_hidden_layers": 2}),
    "roberta-base": ("RobertaConfig", {"num_hidden_layers": 2}),
    "facebook/nllb-*": ("M2M100Config", {"encoder_layers": 2, "decoder_layers": 1}),
}


def tokenizer_class(name: str) -> str:
    """The class of transformers that the hub's tokenizer `name` has."""
    return _of(name, _TOKENIZERS)


def write_tokenizer(name: str, folder: Path) -> str:
    """Write a tokenizer of the class of `name` into a folder; the folder, which stands for the name."""
    import transformers

    kind = tokenizer_class(name)
    letters = sorted(set("".join(WORDS)))
    pieces = [*("▁" + word for word in WORDS), "▁", *letters]
    given = {
        "T5Tokenizer": {"vocab": _scored(["<pad>", "</s>", "<unk>", *pieces])},
        "XLMRobertaTokenizer": {"vocab": _scored(["<s>", "<pad>", "</s>", "<unk>", *pieces, "<mask>"])},
        "BertTokenizer": {"vocab": _numbered(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])},
        "GemmaTokenizer": {
            "vocab": _numbered(["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *letters]),
            "merges": [],
        },
        "RobertaTokenizer": {
            "vocab": _numbered(["<s>", "<pad>", "</s>", "<unk>", "Ġ", *letters, "<mask>"]),
            "merges": [],
        },
        "NllbTokenizer": {
            "vocab": _numbered(["<s>", "<pad>", "</s>", "<unk>", "▁", *letters]),
            "merges": [],
        },
    }
    getattr(transformers, kind)(**given[kind]).save_pretrained(folder)
    return str(folder)


def config_class(name: str) -> str:
    """The class of transformers that the configuration of the hub's text model `name` has."""
    return _of(name, _CONFIGS)[0]


def write_config(name: str, folder: Path) -> str:
    """Write a configuration of the class of `name`, of two layers, into a folder; the folder."""
    import transformers

    kind, smaller = _of(name, _CONFIGS)
    getattr(transformers, kind)(**smaller).save_pretrained(folder)
    return str(folder)


def _of(name: str, table: dict):
    return next(found for pattern, found in table.items() if fnmatch(name, pattern))


def _scored(pieces: list[str]) -> list[tuple[str, float]]:
    return [(piece, -1.0) for piece in pieces]


def _numbered(pieces: list[str]) -> dict[str, int]:
    return {piece: number for number, piece in enumerate(pieces)}
