"""Miniatures of the benchmarks, with files named and nested as in the real ones and generated images."""

import atexit
import io
import json
import shutil
import tempfile
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import open_clip
from pair_miniatures import write_navi, write_scannet, write_spair
from PIL import Image

from clipkit.datasets import imagenet_d, imagenet_x
from clipkit.datasets.benchmarks import DATASETS
from clipkit.datasets.classes import class_set
from clipkit.datasets.cue_conflict import stimuli

TINY = "tiny-clip"
OOD = {
    "inaturalist": "iNaturalist/images",
    "sun": "SUN/images",
    "places": "Places/images",
    "textures": "dtd/images/banded",
    "imagenet-o": "imagenet-o/n01443537",
    "ninco": "NINCO/NINCO_OOD_classes/mbira",
}
PER_OOD_SET = 6
COUNTS = {
    "imagenet-val": 1000,
    **{f"imagenet-v2-{kind}": 1000 for kind in ("matched-frequency", "threshold-0.7", "top-images")},
    "imagenet-r": 200,
    "cue-conflict": 64,
    "ninco": PER_OOD_SET,
    "scannet-pairs": 2,
    "imagenet-3dcc": 4,
    "imagenet-c": 4,
}
"""What the miniatures hold where a card wants more."""


@cache
def register_tiny(patch: int = 16) -> str:
    """Make known to open_clip an architecture of its own classes, small enough for thousands of prompts."""
    name = TINY if patch == 16 else f"{TINY}-{patch}"
    config = {
        "embed_dim": 16,
        "vision_cfg": {
            "image_size": 2 * patch,
            "layers": 1,
            "width": 32,
            "patch_size": patch,
            "head_width": 16,
        },
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1},
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{name}.json").write_text(json.dumps(config))
        open_clip.add_model_config(folder)
    return name


def write(path: Path, seed: int) -> None:
    """A noisy picture of 36 × 36 pixels that nothing else looks like."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (3, 3, 3), dtype=np.uint8).repeat(12, axis=0).repeat(12, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG" if path.suffix == ".png" else "JPEG", quality=90)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def write_corrupted(root: Path, benchmark: str) -> Path:
    """The first four validation images under every corruption and severity that the card names, 36 pixels a side."""
    shown = files()["imagenet-val"][: COUNTS[benchmark]]
    for corruption in DATASETS[benchmark].corruptions:
        for severity in range(1, 6):
            for image in shown:
                path = root / corruption / str(severity) / image.removeprefix("val/")
                write(path, zlib.crc32(path.relative_to(root).as_posix().encode()))
    return root


def write_imagenet_d(root: Path, broken: bool = True) -> Path:
    """Two good lines of each nuisance; if broken, one that repeats its name, and one without its image."""
    (root / "questions").mkdir(parents=True)
    for number, nuisance in enumerate(imagenet_d.NUISANCES):
        for k in range(3):
            write(root / nuisance / "mug" / f"{k}.png", 10 * number + k)
        lines = [
            (f"{nuisance}/mug/0.png", "coffee mug", "bottle", "lamp"),
            (f"{nuisance}/mug/1.png", "coffee mug", "coffee mug", "lamp"),
            (f"{nuisance}/mug/2.png", "coffee mug", "coffee mug", "Coffee Mug"),
            (f"{nuisance}/mug/3.png", "coffee mug", "bottle", "lamp"),
        ]
        lines = lines if broken else lines[:2]
        text = "\n".join("\t".join(line) for line in (imagenet_d.COLUMNS, *lines))
        (root / "questions" / f"{nuisance}.csv").write_text(text)
    return root


OTHERS = {
    "navi": ("navi_v1", lambda root: write_navi(root, keep=5, angles=(0, 60, 90, 30, 10))),
    "scannet-pairs": ("scannet_test_1500", lambda root: write_scannet(root, keep=8)),
    "spair-71k": ("SPair-71k", write_spair),
    "imagenet-3dcc": ("imagenet_3dcc", lambda root: write_corrupted(root, "imagenet-3dcc")),
    "imagenet-c": ("ImageNet-C", lambda root: write_corrupted(root, "imagenet-c")),
    "imagenet-d": ("ImageNet-D", lambda root: write_imagenet_d(root, broken=False)),
}
"""Benchmarks of more than images and classes: where each lies, and what writes it."""


def validation_images() -> list[str]:
    """One validation image of each class, with every ImageNet-X factor among them."""
    truth = imagenet_x.annotations("top")
    chosen = {number: name for name, number in imagenet_x.validation_classes().items()}
    chosen |= dict(zip(truth["class"], truth.file_name, strict=True))
    for factor in reversed(imagenet_x.FACTORS):  # the rare ones last, so that none is overwritten
        first = truth[truth[factor]].iloc[0]
        chosen[first["class"]] = first.file_name
    return [chosen[number] for number in range(1000)]


@cache
def files() -> dict[str, list[str]]:
    """Benchmark → its image files below the folder of benchmarks, as its release unpacks them."""
    wnids = imagenet_x.wnids()
    v2 = {
        "matched-frequency": "matched-frequency",
        "threshold-0.7": "threshold0.7",
        "top-images": "top-images",
    }
    return {
        "imagenet-val": [f"val/{w}/{n}" for w, n in zip(wnids, validation_images(), strict=True)],
        **{
            f"imagenet-v2-{kind}": [f"imagenetv2-{said}-format-val/{c}/{c:040x}.jpeg" for c in range(1000)]
            for kind, said in v2.items()
        },
        "imagenet-r": [f"imagenet-r/{w}/art_{i}.jpg" for i, w in enumerate(class_set("imagenet-r").folders)],
        "imagenet-a": [
            f"imagenet-a/{w}/0.{i:06d}.jpg" for i, w in enumerate(class_set("imagenet-a").folders)
        ],
        "imagenet-sketch": [f"sketch/{w}/sketch_0.JPEG" for w in wnids],
        "objectnet": [
            f"objectnet-1.0/images/{kind}/{i:015x}.png"
            for i, kind in enumerate((*class_set("objectnet").folders, "squeegee"))
        ],
        "cue-conflict": [f"style-transfer-preprocessed-512/{name}.png" for name in cue_conflict_images()],
        **{name: [f"{place}/{i:08x}.jpg" for i in range(PER_OOD_SET)] for name, place in OOD.items()},
        "coco": [f"coco/val2014/COCO_val2014_{i:012d}.jpg" for i in range(7)],
        "flickr30k": [f"flickr30k/{1000 + i}.jpg" for i in range(6)],
    }


def build(root: Path, *names: str) -> Path:
    """The benchmarks called `names`, or all, below `root`, in miniature."""
    seed = 0
    for name, images in files().items():
        for image in images:
            seed += 1
            if not names or name in names:
                write(root / image, seed)
    if not names or "coco" in names:
        write_coco_captions(root / "coco")
    if not names or "flickr30k" in names:
        write_flickr_captions(root / "flickr30k")
    for name, (place, write_it) in OTHERS.items():
        if not names or name in names:
            (root / place).mkdir(parents=True)
            write_it(root / place)
    return root


@cache
def everything() -> Path:
    """All of them, in a folder that lasts as long as the test session."""
    folder = Path(tempfile.mkdtemp(prefix="clipkit-miniatures-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build(folder)


def cue_conflict_images() -> list[str]:
    """Four stimuli of each class, as CLASS/STIMULUS."""
    found: dict[str, list[str]] = {}
    for name in stimuli():
        found.setdefault(name.partition("-")[0].rstrip("0123456789"), []).append(name)
    return [f"{kind}/{name}" for kind, names in found.items() for name in names[::20]]


def caption(image: int, number: int) -> str:
    """What the miniature says of an image: a sentence of its own."""
    return f"a photo of {image} cats, {'very ' * number}happy"


def write_coco_captions(folder: Path) -> None:
    """Captions of six of the seven images, as of Karpathy's test split; one image has six of them."""
    numbered = [(image, number) for image in range(6) for number in range(6 if image == 2 else 5)]
    content = {
        "images": [{"id": image, "file_name": f"COCO_val2014_{image:012d}.jpg"} for image in range(6)],
        "annotations": [{"image_id": i, "id": 10 * i + n, "caption": caption(i, n)} for i, n in numbered],
    }
    (folder / "coco_test_karpathy.json").write_text(json.dumps(content))


def write_flickr_captions(folder: Path) -> None:
    """Captions of five of the six images."""
    lines = [f"{1000 + image}.jpg,{caption(image, n)}" for image in range(5) for n in range(5)]
    (folder / "flickr30k_test_karpathy.txt").write_text("\n".join(["image,caption", *lines]) + "\n")
