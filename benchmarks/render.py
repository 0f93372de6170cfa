"""Images per second of the pocket world's ray-caster, by image size, samples per pixel and threads.

Run `python benchmarks/render.py [--threads 1 2] [--images 130]`. Wall time and processor time of wild scenes
are shown; on a machine that does other work, the second is the one to compare. Nothing is written.
"""

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor

from clipkit.pocket.world import render, render_geometry
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.world.sampling import Dice, draw_from


def rate(work, scenes, threads: int) -> tuple[float, float]:
    """Images per second of wall time and of processor time."""
    chunks = [scenes[i::8] for i in range(8)]
    wall, processor = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, chunks))
    return len(scenes) / (time.perf_counter() - wall), len(scenes) / (time.process_time() - processor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--images", type=int, default=5 * len(CLASS_NAMES))
    arguments = parser.parse_args()

    begun = time.perf_counter()
    scenes = [
        draw_from("wild", CLASS_NAMES[i % len(CLASS_NAMES)], Dice(0, i)) for i in range(arguments.images)
    ]
    drawn = time.perf_counter() - begun
    render(scenes[:1]), render_geometry(scenes[:1])
    first = time.perf_counter() - begun - drawn
    print(
        f"draw {arguments.images / drawn:.0f} scenes/s; first picture {first:.1f} s (compiled code is cached)"
    )
    print("size  samples  threads  images/s  images per processor second")
    for threads in arguments.threads:
        for size in (48, 64):
            for samples in (1, 4, 9):
                wall, processor = rate(lambda chunk, s=size, k=samples: render(chunk, s, k), scenes, threads)
                print(f"{size:4}  {samples:7}  {threads:7}  {wall:8.0f}  {processor:8.0f}")
            wall, processor = rate(lambda chunk, s=size: render_geometry(chunk, s), scenes, threads)
            print(f"{size:4}  geometry {threads:7}  {wall:8.0f}  {processor:8.0f}")


if __name__ == "__main__":
    main()
