"""The five sections of clipkit against the two tasks of CLIP_benchmark: equal numbers, wall time, ratio.

    python benchmarks/holistic.py [MODEL …] [--split validation] [--threads 2]

CLIP_benchmark (1.6.2, as pinned in constraints.txt; part of the `test` extra) is run by its own command line on
the pocket sets "wild" and "retrieval", written in the webdataset layout that it reads, with the eighty templates
and in full precision. clipkit measures visual factors, shape bias, OOD detection, calibration and retrieval, with
their intervals, on all the images these need, about ten times as many. All in one process, model by model; the
clock starts when the packages are imported, the sets rendered and the towers run once.

cold: an empty embedding store; warm: a full one; unchanged: as `clipkit pocket evaluate` finds a model whose
numbers lie there already. On a machine that does other work, processor time is the one to compare.

Exits with status 1 if accuracy or a recall differs by more than 1e-6.
"""

import argparse
import contextlib
import io
import json
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from clip_benchmark.cli import main as clip_benchmark
from clip_benchmark.metrics import zeroshot_classification

from clipkit.models import load
from clipkit.models.cards import ModelCard
from clipkit.pocket.dataset import SPLITS
from clipkit.pocket.images import PocketImages
from clipkit.pocket.models import register
from clipkit.pocket.outputs import PocketOutputs
from clipkit.pocket.prompts import prompt_set
from clipkit.pocket.sets import load_set
from clipkit.pocket.vocabulary import article
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.pocket.zoo.evaluate import evaluate_one
from clipkit.pocket.zoo.files import weights_file
from clipkit.registry import Registry
from clipkit.sections.measure import MEASURES

MODELS = ("resnet-wild-s0", "vit-wild-s0")
SECTIONS = ("visual factors", "shape bias", "OOD detection", "calibration", "retrieval")
TASKS = {"wild": "zeroshot_classification", "retrieval": "zeroshot_retrieval"}
KS = (1, 5, 10)
TOLERANCE = 1e-6


def write_webdataset(name: str, split: str, root: Path) -> None:
    """One shard of PNG images with class or captions, and what CLIP_benchmark wants to know beside it."""
    data, images = load_set(name, split), PocketImages(load_set(name, split))
    folder = root / name
    (folder / "test").mkdir(parents=True)
    with tarfile.open(folder / "test" / "0.tar", "w") as tar:
        for i, label in enumerate(data.labels):
            if name == "retrieval":
                text, kind = "\n".join(data.table["captions"][i]), "txt"
            else:
                text, kind = str(label), "cls"
            for suffix, content in (("png", images.read(i)), (kind, text.encode())):
                member = tarfile.TarInfo(f"{i:06d}.{suffix}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    (folder / "test" / "nshards.txt").write_text("1")
    if name == "retrieval":
        (folder / "dataset_type.txt").write_text("retrieval")
    else:
        (folder / "classnames.txt").write_text("\n".join(CLASS_NAMES))
        prompts = {c: [article(t.replace("{}", c)) for t in prompt_set(80)] for c in CLASS_NAMES}
        (root / "templates.json").write_text(json.dumps({name: prompts}))


def theirs(card: ModelCard, root: Path) -> dict[str, float]:
    """Accuracy and recalls by CLIP_benchmark's command line."""
    register()
    found = {}
    for name, task in TASKS.items():
        output = root / f"{name}.json"
        options = {
            "model": card.architecture,
            "pretrained": weights_file(card.name),
            "dataset": f"wds/{name}",
            "dataset_root": root / "{dataset}",
            "task": task,
            "recall_k": KS,
            "batch_size": 128,
            "num_workers": 0,
            "custom_template_file": root / "templates.json",
            "output": output,
        }
        words = [w for k, v in options.items() for w in (f"--{k}", *(v if k == "recall_k" else [v]))]
        with (
            patch.object(sys, "argv", ["clip_benchmark", "eval", "--no_amp", "--quiet", *map(str, words)]),
            # It takes float() of an array of one element, which NumPy refuses since 2.4.
            patch.object(zeroshot_classification, "float", np.ndarray.item, create=True),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            clip_benchmark()
        found |= json.loads(output.read_text())["metrics"]
    return {name: value for name, value in found.items() if name == "acc1" or "recall@" in name}


def ours(model: str, store: Path, split: str) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Accuracy and recalls out of all numbers of the five sections, under CLIP_benchmark's names; times of each."""
    begun = clock()
    outputs, times, measured = PocketOutputs(model, store, split), {}, []
    for section in SECTIONS:
        measured += MEASURES[section].measure(outputs)
        times[section], begun = clock() - begun, clock()
    names = {("wild", "all", "accuracy", "80"): "acc1"}
    for way in ("image", "text"):
        names |= {("retrieval", way, f"recall@{k}", ""): f"{way}_retrieval_recall@{k}" for k in KS}
    found = {(m.dataset, m.subset, m.metric, m.prompts): m.value for m in measured}
    return {name: found[key] for key, name in names.items()}, times


def unchanged(model: str, store: Path, out: Path, split: str) -> np.ndarray:
    """Time to see that a model has been measured."""
    evaluate_one(model, store, out, split)
    begun = clock()
    assert not evaluate_one(model, store, out, split)
    return clock() - begun


def clock() -> np.ndarray:
    """Seconds of wall time and of processor time."""
    return np.array([time.perf_counter(), time.process_time()])


def row(state: str, times: np.ndarray, peer: np.ndarray, note: str = "") -> None:
    """Print one line of the table."""
    wall, processor = times / peer
    print(f"  {state:14} {times[0]:8.2f} {wall:8.3f} {times[1]:11.2f} {processor:8.3f}   {note}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--split", default="validation", choices=SPLITS)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    split, cards = arguments.split, Registry("pocket model", {card.name: card for card in pocket_cards()})
    n = {name: len(load_set(name, split)) for s in SECTIONS for name in MEASURES[s].DATASETS}
    print(f"clipkit {sum(n.values()):,} images, CLIP_benchmark {sum(n[name] for name in TASKS):,}")
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in TASKS:
            write_webdataset(name, split, root)
        for card in map(cards.__getitem__, arguments.models):
            print(f"{card.name:16}   wall s    ratio processor s    ratio   processor s of each section")
            torch.set_num_threads(arguments.threads)
            load(card.name).encode_image(torch.zeros(1, 3, 48, 48))
            begun = clock()
            expected = theirs(card, root)
            peer = clock() - begun
            row("CLIP_benchmark", peer, peer)
            for state in ("cold", "warm"):
                found, times = ours(card.name, root / card.name, split)
                worst = max(worst, *(abs(found[name] - value) for name, value in expected.items()))
                parts = ", ".join(f"{section} {t[1]:.1f}" for section, t in times.items())
                row(state, sum(times.values()), peer, parts)
            row("unchanged", unchanged(card.name, root / card.name, root / "results", split), peer)
    agrees = worst <= TOLERANCE
    print(f"largest difference of accuracy and recalls {worst:.1e}: {'agrees' if agrees else 'DIFFERS'}")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
