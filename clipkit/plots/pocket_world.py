"""Pictures of the pocket world: its classes, factors, distributions, foreign things, cue conflicts and geometry.

What is shown are images of the sets that models are trained and tested on, rendered on the spot.
"""

import base64
from collections.abc import Sequence
from functools import partial
from html import escape
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from PIL import Image

from clipkit.errors import UnknownName
from clipkit.plots.chapter import glue_text
from clipkit.plots.ledger import Html
from clipkit.plots.pixel_page import LINE, Page, extent, grid_page, put_grid
from clipkit.pocket.correspondence import geometric_matches
from clipkit.pocket.dataset import Draw, PocketData
from clipkit.pocket.hard_negatives import KINDS
from clipkit.pocket.prompts import PROMPT_SET_SIZES, prompt_set
from clipkit.pocket.sets import SETS
from clipkit.pocket.training_sets import training_spec
from clipkit.pocket.vocabulary import article
from clipkit.pocket.world import render, render_geometry
from clipkit.pocket.world.counterfactuals import FACTORS
from clipkit.pocket.world.palette import BACKGROUNDS, CLASS_NAMES, COLOURS, NEAR_OOD_NAMES, SURFACE_PATTERNS
from clipkit.pocket.world.sampling import DISTRIBUTIONS
from clipkit.registry import did_you_mean

_FINE = 96  # pixels of the pictures that explain; models see 48
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442")  # Okabe and Ito's
_N = len(CLASS_NAMES)


def draw(name: str, n: int) -> Draw:
    """The first n scenes (or finished images) of a test set, or of a training distribution's pool.

    The sets but those of pairs and hard negatives show the classes in turn; "factors" gives n typical scenes,
    and then the n twins of each factor. Raises UnknownName.

    >>> [scene.label for scene in draw("catalogue", 3).scenes]
    ['mug', 'bottle', 'teapot']
    """
    spec = training_spec(name, n) if name in DISTRIBUTIONS and name not in SETS else SETS[name]
    return spec.draw(spec.seed, n, spec.size)


def pictures(name: str, chosen: Sequence[int], size: int = 48) -> list[np.ndarray]:
    """Those images of `draw(name, …)`, each uint8 (size, size, 3); finished images keep their size."""
    drawn = draw(name, max(chosen) + 1)
    if drawn.images is not None:
        return [drawn.images[i] for i in chosen]
    return list(render([drawn.scenes[i] for i in chosen], size))


def class_sheet(
    columns: Sequence[str] = ("factors", "wild", "studio", "catalogue", "sketch"), scale: int = 2
) -> None:
    """Every class once from each set of `columns`, as the models see it; classes across, sets down.

    The first images of "factors" are typical ones, and are called so.
    """
    rows = ["typical" if name == "factors" else name for name in columns]
    found = [pictures(name, range(_N)) for name in columns]
    half = (_N + 1) // 2
    bands = [[line[start : start + half] for line in found] for start in (0, half)]
    width, height = extent(bands[0], scale, 120, columns=True)
    page = Page(width, 2 * height + LINE // 2)
    for k, band in enumerate(bands):
        names = CLASS_NAMES[k * half : (k + 1) * half]
        put_grid(page, band, scale, rows, names, margin=120, at=(0, k * (height + LINE // 2)), fontsize=14)


def factor_sheet(class_name: str = "giraffe") -> None:
    """A typical scene and its sixteen twins, in each of which one factor is changed; names as in the data.

    Raises UnknownName for a class that does not exist.
    """
    scenes = draw("factors", _N).scenes[_class_index(class_name) :: _N]
    images, names = [*render(scenes, _FINE), None], ["base", *FACTORS, ""]
    grid_page(
        [images[i : i + 6] for i in range(0, 18, 6)], 2, names=[names[i : i + 6] for i in range(0, 18, 6)]
    )


def distribution_sheet(columns: int = 9) -> None:
    """Images of each distribution that models are trained on, the same classes in each row."""
    blocks = {"wild": 1, "studio": 2, "catalogue": 3, "mixed": 1}  # "mixed" draws many a scene of "catalogue"
    chosen = np.linspace(0, _N - 1, columns).astype(int)
    found = [pictures(name, chosen + block * _N) for name, block in blocks.items()]
    grid_page(found, 3, list(blocks), [CLASS_NAMES[i] for i in chosen], margin=120)


def ood_sheet(columns: int = 6) -> None:
    """What no model has a name for: the near classes, each with its name and by itself, and the far sets."""
    n = len(NEAR_OOD_NAMES)
    alone = {s.label: s for s in reversed(draw("near-ood", 10 * n).scenes) if not s.others and not s.occluder}
    near = list(render([alone[name] for name in NEAR_OOD_NAMES], 48))
    far = ("far-textures", "far-empty", "far-noise", "far-drawings")
    tiles = [near[i : i + columns] for i in range(0, n, columns)]
    names = [list(NEAR_OOD_NAMES[i : i + columns]) for i in range(0, n, columns)]
    width, height = extent(tiles, 3, 150, names=True)
    below = [pictures(name, range(columns)) for name in far]
    page = Page(width, height + LINE // 2 + extent(below, 3)[1])
    put_grid(page, tiles, 3, ["near-ood"] * len(tiles), names=names, margin=150)
    put_grid(page, below, 3, far, margin=150, at=(0, height + LINE // 2))


def cue_conflict_sheet(
    shapes: Sequence[str] = ("teapot", "car", "tree", "giraffe", "fish"),
    textures: Sequence[str] = ("house", "snowman", "bed", "bus", "giraffe"),
    background: str = "neutral",
) -> None:
    """Shapes (down) in the textures of other classes (across), with the controls of texture and shape alone.

    background: "neutral" or "other". On the diagonal of one class stands its typical look: no conflict.
    """
    at = {name: i for i, name in enumerate(CLASS_NAMES)}
    steps = {(s, t): (at[t] - at[s]) % _N for s in shapes for t in textures}
    conflicts = draw(f"cue-conflict-{background}", _N * (_N - 1)).scenes
    solids = draw(f"texture-only-{background}", 3 * _N).scenes  # balls, then cubes, then tubes
    grey, plain = draw(f"shape-only-{background}", _N).scenes, draw("factors", _N).scenes
    lines = [[None, *(solids[at[t] + _N * (k % 3)] for k, t in enumerate(textures))]]
    for s in shapes:
        found = [conflicts[at[s] + _N * (steps[s, t] - 1)] if steps[s, t] else plain[at[s]] for t in textures]
        lines.append([grey[at[s]], *found])
    tiles = [[scene if scene is None else render([scene], _FINE)[0] for scene in line] for line in lines]
    rows = ["texture alone", *(f"{s} shape" for s in shapes)]
    grid_page(tiles, 2, rows, ["shape alone", *(f"{t} texture" for t in textures)], margin=160)


def _paint(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """uint8 picture (h, w, 3) of whole numbers (h, w), a colour each, light grey where nothing is known."""
    palette = (255 * mpl.colormaps["tab20"](np.arange(20))[:, :3]).astype(np.uint8)
    return np.where(known[..., None], palette[values % 20], np.uint8(235))


def _paint_depth(depth: np.ndarray, here: np.ndarray) -> np.ndarray:
    """uint8 picture (h, w, 3): the nearest point is light; dark is what lies well behind the objects."""
    low, high = depth.min(), 1.4 * depth[here].max()
    share = np.clip((depth - low) / (high - low), 0, 1)
    return (255 * mpl.colormaps["viridis"](1 - share)[..., :3]).astype(np.uint8)


def geometry_sheet(pair: int = 137, lines: int = 8) -> None:
    """What is known of a picture besides its pixels, and where points of it lie in a second view.

    pair: which of the set "scene-pairs"; lines: how many of its exact correspondences are drawn.
    """
    spec = SETS["scene-pairs"]
    scenes = draw("scene-pairs", spec.n).scenes[2 * pair : 2 * pair + 2]
    images, truth = render(scenes, _FINE), render_geometry(scenes, _FINE)
    here = truth.instance[0] >= 0
    xyz = np.nan_to_num(truth.coordinates[0])
    span = np.ptp(xyz[here], axis=0)
    position = np.where(here[..., None], 255 * np.clip((xyz - xyz[here].min(0)) / span, 0, 1), 235).astype(
        np.uint8
    )
    parts = truth.instance[0].astype(int) * 7 + truth.part[0]
    shown = {
        "picture": images[0],
        "depth": _paint_depth(truth.depth[0], here),
        "instance": _paint(truth.instance[0].astype(int) * 2, here),
        "part": _paint(parts, here),
        "coordinates": position,
    }
    scale = 3
    width, height = extent([list(shown.values())], scale, columns=True)
    page = Page(width, 2 * height + LINE)
    put_grid(page, [list(shown.values())], scale, columns=list(shown))
    _put_matches(page, images, truth, scale, lines, width, height + LINE)


def _put_matches(page: Page, images, truth, scale: int, lines: int, width: int, top: int) -> None:
    """Two views side by side on the page, with lines between some of the points that both show."""
    side = scale * _FINE
    left, right = width // 2 - side - 60, width // 2 + 60
    put_grid(page, [[images[0]]], scale, columns=["first camera"], at=(left, top))
    put_grid(page, [[images[1]]], scale, columns=["second camera"], at=(right, top))
    data = PocketData("", "", "", Path(), "", images, pd.DataFrame(), truth._asdict())
    found = geometric_matches(data, 0, 1)
    for k, i in enumerate(_spread(found.first, lines)):
        (x, y), (u, v) = scale * found.first[i], scale * found.second[i]
        ends = ([left + x, right + u], [top + LINE + y, top + LINE + v])
        page.axes.plot(*ends, color="white", linewidth=4)
        page.axes.plot(
            *ends, color=_COLOURS[k % 6], linewidth=2, marker="o", markersize=9, markeredgecolor="white"
        )


def _spread(points: np.ndarray, n: int) -> list[int]:
    """n of the points, each as far as can be from those before it; the first is the uppermost."""
    chosen = [int(points[:, 1].argmin())]
    while len(chosen) < min(n, len(points)):
        gaps = np.linalg.norm(points[:, None] - points[chosen], axis=2).min(1)
        chosen.append(int(gaps.argmax()))
    return chosen


def caption_cards(class_name: str = "giraffe", prompts: int = 5) -> Html:
    """A training picture with its captions and some held-out prompts, and below one picture for each kind of swap.

    Beside the latter stand a caption that is true and its twin that is almost true. Raises UnknownName.
    """
    i = _class_index(class_name)
    trained, swapped = training_spec("wild", _N), draw("hard-negatives", _N)
    drawn = trained.draw(trained.seed, _N, trained.size)
    captions = drawn.columns["captions"][i]
    asked = [article(template.format(class_name)) for template in prompt_set(prompts)]
    image = render([drawn.scenes[i]], 48)[0]
    cards = [
        _card(image, captions[-1], {"Captions in training": captions, "Prompts, none of them seen": asked}, 4)
    ]
    for k, kind in enumerate(KINDS):
        row = {name: values[i + k * _N] for name, values in swapped.columns.items()}
        image = render([swapped.scenes[i + k * _N]], 48)[0]
        said = {f"{kind.capitalize()} swapped": [f"true: {row['caption']}", f"false: {row['negative']}"]}
        cards.append(_card(image, row["caption"], said, 2))
    return Html("".join(cards))


def _card(image: np.ndarray, alt: str, lists: dict[str, Sequence[str]], scale: int) -> str:
    """A picture, each pixel `scale` pixels wide, beside lists of sentences under their headings."""
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    side, data = scale * len(image), base64.b64encode(file.getvalue()).decode()
    words = "".join(
        f'<div style="flex: 1 1 14em"><strong>{escape(title)}</strong><ul style="margin: 0.2em 0">'
        + "".join(f"<li>{escape(line)}</li>" for line in lines)
        + "</ul></div>"
        for title, lines in lists.items()
    )
    return (
        '<div style="display: flex; flex-wrap: wrap; gap: 1em; margin-bottom: 0.8em">'
        f'<img src="data:image/png;base64,{data}" alt="{escape(alt, quote=True)}" width="{side}" height="{side}" '
        f'class="dark-light" style="image-rendering: pixelated; margin: 0; padding: 0">{words}</div>'
    )


def _class_index(name: str) -> int:
    if name not in CLASS_NAMES:
        raise UnknownName(f"unknown class {name!r}", did_you_mean(name, CLASS_NAMES))
    return CLASS_NAMES.index(name)


def glue_counts() -> None:
    """Glue how much of everything the world has: `pocket-classes`, `pocket-sets`, …, for prose to quote."""
    counts = {
        "classes": _N,
        "near-classes": len(NEAR_OOD_NAMES),
        "factors": len(FACTORS),
        "colours": len(COLOURS),
        "patterns": len(SURFACE_PATTERNS),
        "backgrounds": len(BACKGROUNDS),
        "sets": len(SETS),
        "prompts": PROMPT_SET_SIZES[-1],
        "pixels": training_spec("wild", 1).size,
    }
    for name, count in counts.items():
        glue_text(f"pocket-{name}", partial(str, count))
    own = DISTRIBUTIONS["wild"]
    glue_text("pocket-own-texture", lambda: f"{max(own, key=own.get).own_texture:.0%}")
