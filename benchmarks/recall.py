"""Recall@k at COCO size against CLIP_benchmark: equal values, wall time, peak memory.

    OMP_NUM_THREADS=1 python benchmarks/recall.py [--images 5000] [--captions 5] [--dim 512]

Features are random with a fixed seed: captions scatter around their image so that recall is neither 0 nor 1.
Each implementation runs in its own process, whose peak resident memory is read at its end; memory therefore
includes the interpreter and the library (numpy and scipy for ours, torch for theirs). Exits with status 1 if
values differ, ours is not faster, or ours takes 1 GB or more.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

KS = (1, 5, 10)


def features(images: int, captions: int, dim: int):
    import numpy as np

    rng = np.random.default_rng(0)
    image_of_text = np.repeat(np.arange(images), captions)
    image = rng.standard_normal((images, dim), dtype=np.float32)
    text = image[image_of_text] + 7 * rng.standard_normal((len(image_of_text), dim), dtype=np.float32)
    for array in (image, text):
        array /= np.linalg.norm(array, axis=1, keepdims=True)
    return image, text, image_of_text


def ours(image, text, image_of_text):
    from clipkit.metrics import recall_at_k

    start = time.perf_counter()
    recall = recall_at_k(image, text, image_of_text, KS)
    return [recall.image[k] for k in KS] + [recall.text[k] for k in KS], time.perf_counter() - start


def clip_benchmark(image, text, image_of_text):
    """The scoring half of `clip_benchmark.metrics.zeroshot_retrieval.evaluate`, at its batch of 64 images."""
    import torch
    from clip_benchmark.metrics.zeroshot_retrieval import batchify
    from clip_benchmark.metrics.zeroshot_retrieval import recall_at_k as theirs

    start = time.perf_counter()
    scores = torch.from_numpy(text) @ torch.from_numpy(image).T
    positive = torch.zeros_like(scores, dtype=torch.bool)
    positive[torch.arange(len(scores)), torch.from_numpy(image_of_text)] = True
    values = [
        (batchify(theirs, s, p, 64, "cpu", k=k) > 0).double().mean().item()
        for s, p in ((scores, positive), (scores.T, positive.T))
        for k in KS
    ]
    return values, time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--captions", type=int, default=5)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--only", choices=["ours", "clip_benchmark"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        values, seconds = globals()[args.only](*features(args.images, args.captions, args.dim))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"values": values, "seconds": seconds, "peak_bytes": peak}))
        return 0

    found = {}
    for name in ("ours", "clip_benchmark"):
        command = [sys.executable, __file__, "--only", name]
        command += [f"--{key}={getattr(args, key)}" for key in ("images", "captions", "dim")]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[name] = json.loads(output.splitlines()[-1])
        print(f"{name:15} {found[name]['seconds']:8.1f} s   {found[name]['peak_bytes'] / 1e9:5.2f} GB peak   "
              f"image/text R@{KS}: {[round(v, 4) for v in found[name]['values']]}")  # fmt: skip
    mine, theirs = found["ours"], found["clip_benchmark"]
    checks = {
        "values are equal": max(abs(a - b) for a, b in zip(mine["values"], theirs["values"], strict=True))
        < 1e-12,
        "ours is faster": mine["seconds"] < theirs["seconds"],
        "ours stays under 1 GB": mine["peak_bytes"] < 1e9,
    }
    print(f"{theirs['seconds'] / mine['seconds']:.1f} times as fast, "
          f"{theirs['peak_bytes'] / mine['peak_bytes']:.1f} times less memory")  # fmt: skip
    for text, passed in checks.items():
        print(f"{'yes' if passed else 'NO ':3} {text}")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
