"""A rendered set: pictures, a table of what they show, and where asked for the truth behind each pixel."""

import ast
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from clipkit.errors import BadInput
from clipkit.pocket.store import MANIFEST, cache_folder, read_manifest, write_once
from clipkit.pocket.world import RENDERER_VERSION, Scene, fingerprint, render, render_geometry
from clipkit.pocket.world.palette import CLASS_NAMES

SPLITS = ("test", "validation")
_CHUNK = 64


@dataclass
class Draw:
    """What a set consists of before it is rendered: scenes, or finished images, and one table row for each.

    columns: name → n values. images: uint8 (n, size, size, 3), for pictures that no scene describes.
    """

    scenes: list[Scene] = field(default_factory=list)
    columns: dict[str, list] = field(default_factory=dict)
    images: np.ndarray | None = None


@dataclass(frozen=True)
class SetSpec:
    """Everything that decides the bytes of a set; draw(seed, n, size) → Draw."""

    name: str
    draw: Callable[[int, int, int], Draw]
    n: int
    seed: int
    task: str
    split: str = "test"
    size: int = 48
    samples: int = 4
    geometry: bool = False

    def key(self) -> str:
        """Sixteen hexadecimal digits that change with any value and any statement of the world's code."""
        values = {k: v for k, v in vars(self).items() if k != "draw"}
        drawer, arguments = getattr(self.draw, "func", self.draw), getattr(self.draw, "args", ())
        values["draw"] = [drawer.__name__, repr(arguments)]
        return hashlib.sha256(
            json.dumps([values, _code_digest(drawer.__module__)], sort_keys=True).encode()
        ).hexdigest()[:16]


@dataclass(frozen=True)
class PocketData:
    """A rendered set, memory-mapped.

    images: uint8 (n, size, size, 3). table: one row per image, always with `label` ("" if none of the known
    classes) and `scene` (its JSON, "" if none), and what the task needs. geometry: name → array, one entry
    per field of `clipkit.pocket.world.Geometry`, empty unless the set has it. fingerprint: sha256 of scenes,
    captions and renderer version; it stays when only comments of the code change.
    """

    name: str
    split: str
    task: str
    folder: Path
    fingerprint: str
    images: np.ndarray
    table: pd.DataFrame
    geometry: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def scenes(self) -> list[Scene]:
        """The scenes behind the images; empty for sets that are not rendered from scenes."""
        return [Scene.from_json(text) for text in self.table["scene"] if text]

    @cached_property
    def labels(self) -> np.ndarray:
        """Index of each label in CLASS_NAMES, −1 for none of them; int64 (n,)."""
        index = {name: i for i, name in enumerate(CLASS_NAMES)}
        return np.array([index.get(label, -1) for label in self.table["label"]])


def set_folder(spec: SetSpec, cache: Path | None = None) -> Path:
    """Where a rendered set lies, or will lie."""
    return (cache or cache_folder()) / f"{spec.name}-{spec.split}-{spec.key()}"


def load(
    spec: SetSpec, cache: Path | None = None, progress: bool = True, threads: int | None = None
) -> PocketData:
    """The set from the cache, or rendered into it first; raises CorruptData if a file was changed."""
    folder = set_folder(spec, cache)
    if not (folder / MANIFEST).is_file():
        write_once(folder, lambda target: _generate(spec, target, progress, threads or os.cpu_count() or 1))
    manifest = read_manifest(folder)
    arrays = {
        Path(name).stem: np.load(folder / name, mmap_mode="r")
        for name in manifest["files"]
        if name.endswith(".npy")
    }
    images = arrays.pop("images")
    return PocketData(
        spec.name,
        spec.split,
        spec.task,
        folder,
        manifest["fingerprint"],
        images,
        pd.read_parquet(folder / "table.parquet"),
        arrays,
    )


def _generate(spec: SetSpec, folder: Path, progress: bool, threads: int) -> dict:
    drawn = spec.draw(spec.seed, spec.n, spec.size)
    n = len(drawn.scenes) if drawn.images is None else len(drawn.images)
    wrong = {name: len(v) for name, v in drawn.columns.items() if len(v) != n}
    if wrong:
        raise BadInput(
            f"set {spec.name} drew {n} images, but columns of lengths {wrong}",
            "give each column one value per image",
        )
    table = pd.DataFrame({"label": [s.label for s in drawn.scenes] or [""] * n, **drawn.columns})
    table["scene"] = [s.to_json() for s in drawn.scenes] or [""] * n
    table.to_parquet(folder / "table.parquet")
    images = np.lib.format.open_memmap(folder / "images.npy", "w+", np.uint8, (n, spec.size, spec.size, 3))
    if drawn.images is not None:
        images[:] = drawn.images
    else:
        _render_all(spec, drawn.scenes, images, folder, progress, threads)
    images.flush()
    pixels = hashlib.sha256(images.tobytes()).hexdigest() if drawn.images is not None else ""
    columns = table.drop(columns="scene").to_json(orient="split")
    return {
        "name": spec.name,
        "split": spec.split,
        "n": n,
        "renderer_version": RENDERER_VERSION,
        "fingerprint": fingerprint(drawn.scenes, spec.size, spec.samples, columns, pixels),
    }


def _render_all(spec, scenes, images, folder, progress, threads):
    outputs = {}

    def work(start):
        chunk = scenes[start : start + _CHUNK]
        images[start : start + _CHUNK] = render(chunk, spec.size, spec.samples)
        return start, render_geometry(chunk, spec.size) if spec.geometry else None

    with (
        ThreadPoolExecutor(threads) as pool,
        tqdm(total=len(scenes), desc=f"render {spec.name}", unit="img", disable=not progress) as bar,
    ):
        for start, geometry in pool.map(work, range(0, len(scenes), _CHUNK)):
            for name, values in geometry._asdict().items() if geometry else ():
                if name not in outputs:
                    outputs[name] = np.lib.format.open_memmap(
                        folder / f"{name}.npy", "w+", values.dtype, (len(scenes), *values.shape[1:])
                    )
                outputs[name][start : start + _CHUNK] = values
            bar.update(min(_CHUNK, len(scenes) - start))
    for array in outputs.values():
        array.flush()


@cache
def _code_digest(module: str) -> str:
    """sha256 over the code that decides a set's bytes: the world, the captions and the module that draws it."""
    here = Path(__file__).parent
    names = (
        "captions.py",
        "vocabulary.py",
        "prompts.py",
        "hard_negatives.py",
        "far.py",
        f"{module.rsplit('.', 1)[-1]}.py",
    )
    return statements_digest(
        {*here.glob("world/**/*.py"), *(here / name for name in names if (here / name).is_file())}
    )


def statements_digest(paths: Iterable[Path]) -> str:
    """sha256 over the syntax trees of Python files, without docstrings: comments and layout may change."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + _statements(path.read_text()).encode())
    return digest.hexdigest()


@cache  # Sets share most of their files, and a syntax tree takes as long to write out as a small set to read.
def _statements(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            del body[0]
        # A field that Python 3.12 added to functions and classes; left in, each Python would have its own sums.
        if getattr(node, "type_params", None) == []:
            del node.type_params
    return ast.dump(tree)
