"""Captions of the retrieval benchmarks, from the files of Karpathy's test split."""

import json
from pathlib import Path

from clipkit.errors import BadInput, MissingData

PER_IMAGE = 5


def read_captions(path: Path) -> dict[str, tuple[str, ...]]:
    """Image file name → its first five captions, in the file's order of images.

    A .json file is in COCO's layout (images with id and file_name, annotations with image_id and caption), a .txt
    file has a header and lines `IMAGE.jpg,CAPTION`; both as in mehdidc/retrieval_annotations, which CLIP_benchmark
    reads too. COCO has images with more than five captions; the first five are taken.

    Raises MissingData, or BadInput naming an image without captions or a line that is none.
    """
    if not path.is_file():
        raise MissingData(
            f"no file of captions {path}", "fetch it: clipkit datasets show NAME says from where"
        )
    text = path.read_text(encoding="utf-8")
    found = _coco(text, path) if path.suffix == ".json" else _flickr(text, path)
    for name, captions in found.items():
        if not captions:
            raise BadInput(f"{path}: {name} has no caption", "fetch the file again")
    return {name: tuple(captions[:PER_IMAGE]) for name, captions in found.items()}


def _coco(text: str, path: Path) -> dict[str, list[str]]:
    try:
        content = json.loads(text)
        names = {image["id"]: image["file_name"] for image in content["images"]}
        found: dict[str, list[str]] = {name: [] for name in names.values()}
        for annotation in content["annotations"]:
            found[names[annotation["image_id"]]].append(annotation["caption"].strip())
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is not in COCO's layout ({error!r})", "fetch the file again") from None
    return found


def _flickr(text: str, path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines()[1:], start=2):
        stem, separator, caption = line.partition(".jpg,")
        if line.strip() and not separator:
            raise BadInput(
                f"{path}, line {number}: {line[:40]!r} is no IMAGE.jpg,CAPTION", "fetch the file again"
            )
        if separator:
            found.setdefault(f"{stem}.jpg", []).append(caption.strip())
    return found
