"""Seconds to load a pocket model and to embed 1,000 images with it, beside a plain loop over the same tower.

Run `python benchmarks/pocket_embed.py [MODEL …] [--threads 2]`; one model of each architecture by default. The
peer sends ready tensors through the tower in batches of 128: what is above it is decoding and storing.
"""

import argparse
import tempfile
import time

import torch

from clipkit.embed import embed_images
from clipkit.models import load
from clipkit.pocket.images import PocketImages
from clipkit.pocket.sets import load_set
from clipkit.pocket.zoo.batches import to_tensor
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.store import EmbeddingStore

N = 1_000


class First(PocketImages):
    """The first N images of a set."""

    def __init__(self, data):
        super().__init__(data)
        self.ids, self.labels = self.ids[:N], self.labels[:N]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    names = arguments.models or list({c.architecture: c.name for c in reversed(pocket_cards())}.values())
    data = load_set("wild", "validation")
    tensors = to_tensor(data.images[:N])
    print("model  load s  embed s  plain loop s  ratio")
    for name in names:
        begun = time.perf_counter()
        model = load(name)
        loaded = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            embed_images(
                model, First(data), EmbeddingStore(folder), batch_size=128, workers=0, progress=False
            )
        embedded = time.perf_counter()
        for batch in tensors.split(128):
            model.encode_image(batch.contiguous(memory_format=torch.channels_last))
        plain = time.perf_counter() - embedded
        print(
            f"{name}  {loaded - begun:.2f}  {embedded - loaded:.2f}  {plain:.2f}  {(embedded - loaded) / plain:.2f}"
        )


if __name__ == "__main__":
    main()
