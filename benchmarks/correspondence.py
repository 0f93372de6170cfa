"""Matching pairs of dense maps against the bare matrix product with the two best of each row: speed and memory.

    OMP_NUM_THREADS=1 python benchmarks/correspondence.py [--pairs 1000] [--cells 14] [--dim 768] [--rounds 3]

Features are random with a fixed seed, unit length, float32. "Bare" is `a @ b.T` and numpy's argpartition for the two
best; torch's product with `topk` is printed beside it. Our side also checks its arguments, divides by lengths and
gives the confidence. The sides take turns, and the best round of each counts. Memory is the peak that Python
allocates while matching, for a tenth of the pairs and for all. Exits with status 1 if ours has less than 0.9 of the
bare speed, if memory grows with the pairs, or if the neighbours differ.
"""

import argparse
import sys
import time
import tracemalloc

import numpy as np

from clipkit.metrics.geometry import nearest_neighbours

DISTINCT = 20  # pairs in memory; they are gone through again and again


def maps(cells: int, dim: int):
    features = np.random.default_rng(0).standard_normal((DISTINCT, 2, cells**2, dim), dtype=np.float32)
    return features / np.linalg.norm(features, axis=-1, keepdims=True)


def ours(features, pairs: int):
    for i in range(pairs):
        found = nearest_neighbours(*features[i % DISTINCT])
    return found.index


def bare(features, pairs: int):
    for i in range(pairs):
        first, second = features[i % DISTINCT]
        cosines = first @ second.T
        two = np.argpartition(cosines, -2, axis=1)[:, -2:]
        values = np.take_along_axis(cosines, two, axis=1)
    return two[np.arange(len(two)), values.argmax(axis=1)]


def torch_topk(features, pairs: int):
    import torch

    torch.set_num_threads(1)
    tensors = torch.from_numpy(features)
    for i in range(pairs):
        first, second = tensors[i % DISTINCT]
        _, two = (first @ second.T).topk(2, dim=1)
    return two[:, 0].numpy()


def peak(features, pairs: int) -> int:
    tracemalloc.start()
    ours(features, pairs)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--cells", type=int, default=14)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    features = maps(args.cells, args.dim)
    sides = (ours, bare, torch_topk)
    seconds = {side: np.inf for side in sides}
    index = {}
    for _ in range(args.rounds):
        for side in sides:
            start = time.process_time()
            index[side] = side(features, args.pairs)
            seconds[side] = min(seconds[side], time.process_time() - start)
    few, many = peak(features, args.pairs // 10), peak(features, args.pairs)
    for side in sides:
        print(f"{side.__name__:12} {1000 * seconds[side] / args.pairs:6.2f} ms a pair")
    ratio = seconds[bare] / seconds[ours]
    print(f"{ratio:.2f} of the speed of the bare product and the two best; {few / 1e6:.1f} MB for "
          f"{args.pairs // 10} pairs, {many / 1e6:.1f} MB for {args.pairs}")  # fmt: skip
    checks = {
        "at least 0.9 of the bare speed": ratio >= 0.9,
        "memory is flat": many < 1.05 * few,
        "the neighbours agree": all(np.array_equal(index[ours], index[side]) for side in sides),
    }
    for text, passed in checks.items():
        print(f"{'yes' if passed else 'NO ':3} {text}")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
