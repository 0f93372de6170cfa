"""A byte-pair vocabulary of the pocket world's words, in the file format of open_clip's own tokenizer.

open_clip's `SimpleTokenizer` reads merges from a gzip file; with a list of a few hundred merges learned on
the world's captions the text tower stays small. `python -m clipkit.pocket.tokenizer` learns the list anew.
"""

import gzip
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

MERGES_FILE = Path(__file__).parent / "configs" / "merges.txt.gz"
CONTEXT_LENGTH = 24
_BYTES_AND_SPECIALS = 512 + 2  # each byte with and without end-of-word mark, start and end of text


def learn_merges(words: Counter, most: int) -> list[tuple[str, str]]:
    """At most `most` byte-pair merges in the order learned (Sennrich et al. 2016), ties by alphabet.

    >>> learn_merges(Counter({"see": 2, "sea": 1}), 2)
    [('s', 'e'), ('se', 'e</w>')]
    """
    splits = {word: (*word[:-1], word[-1] + "</w>") for word in words}
    merges: list[tuple[str, str]] = []
    while len(merges) < most:
        pairs: Counter = Counter()
        for word, pieces in splits.items():
            for pair in zip(pieces[:-1], pieces[1:], strict=True):
                pairs[pair] += words[word]
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        splits = {word: _merge(pieces, best) for word, pieces in splits.items()}
    return merges


def _merge(pieces: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out, i = [], 0
    while i < len(pieces):
        if pieces[i : i + 2] == pair:
            out.append(pieces[i] + pieces[i + 1])
            i += 2
        else:
            out.append(pieces[i])
            i += 1
    return tuple(out)


def write_merges(merges: Iterable[tuple[str, str]], path: Path = MERGES_FILE) -> None:
    """The merges as open_clip reads them: a heading line, then one pair a line; the same bytes each time."""
    text = "\n".join(["# byte-pair merges of the pocket world", *(" ".join(m) for m in merges)])
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def vocabulary_size(path: Path = MERGES_FILE) -> int:
    """Number of tokens: bytes, merges and the two special tokens."""
    return _BYTES_AND_SPECIALS + len(gzip.decompress(path.read_bytes()).decode().split("\n")) - 1


def world_words() -> Counter:
    """Every word that captions, prompts and names of the world use, each class of words weighted alike."""
    from clipkit.pocket import vocabulary as v
    from clipkit.pocket.prompts import HELD_OUT_TEMPLATES, STYLE_TEMPLATES, TRAIN_TEMPLATES
    from clipkit.pocket.world.palette import CLASS_NAMES, COLOURS
    from clipkit.pocket.world.shapes import FAMILIES

    nouns = [n for c in CLASS_NAMES for n in (c, *v.CLASS_SYNONYMS[c], *FAMILIES[c].subcategories)]
    tables = (
        v.PATTERN_WORDS,
        v.SIZE_WORDS,
        v.PLACE_WORDS,
        v.LIGHT_WORDS,
        v.RELATION_WORDS,
        v.ROLL_WORDS,
        STYLE_TEMPLATES,
    )
    texts = [
        *nouns,
        *map(v.plural, nouns),
        *COLOURS,
        *TRAIN_TEMPLATES,
        *HELD_OUT_TEMPLATES,
        *v.COUNT_WORDS.values(),
        *(phrase for table in tables for phrases in table.values() for phrase in phrases),
        "person crate barrel with and behind",
    ]
    return Counter(word for text in texts for word in text.replace("{}", " ").split())


if __name__ == "__main__":
    write_merges(learn_merges(world_words(), 100_000))
    print(vocabulary_size(), "tokens")
