"""Corrupted versions of a rendered set: "wild+fog_3d" is the beginning of "wild" in fog, at every severity."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache, partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from clipkit import corruptions
from clipkit.corruptions import CORRUPTIONS, DEPTH, SEVERITIES
from clipkit.corruptions.motion import AVERAGED, average, camera_path
from clipkit.errors import BadInput
from clipkit.pocket.dataset import Draw, SetSpec, statements_digest
from clipkit.pocket.moving import moving_frames
from clipkit.pocket.world import render, render_geometry
from clipkit.pocket.world.camera import DISTANCE
from clipkit.pocket.world.palette import CLASS_NAMES

N = 10 * len(CLASS_NAMES)
"""The first pictures of the source, ten of each class, which come in turn."""
METRES = 0.8 / DISTANCE
"""Metres that a world unit counts as: the camera stands 0.8 m from its target, and objects measure a third of a metre.
Only fog depends on it. Chosen on the validation draw, so that fog costs a supervised ResNet about the share of its
accuracy that ImageNet-3DCC's costs ResNet-50: half of it at severity three."""


def severities_of(corruption: str) -> tuple[int, ...]:
    """The severities that a corruption is measured at: all for those of depth, a middle and the strongest for others.

    >>> severities_of("fog_3d"), severities_of("fog")
    ((1, 2, 3, 4, 5), (3, 5))
    """
    return SEVERITIES if corruption in DEPTH else (3, 5)


def corrupted_spec(source: SetSpec, corruption: str) -> SetSpec:
    """The set SOURCE+CORRUPTION, of the split of `source`.

    Raises UnknownName for a corruption that does not exist, BadInput for a source without depth.
    """
    made_by = _code(CORRUPTIONS[corruption].__name__)
    if not source.geometry:
        raise BadInput(f"pocket set {source.name!r} has no depth for {corruption}", "use wild")
    draw = partial(draw_corrupted, corruption, METRES, made_by, source=source)
    n = N * len(severities_of(corruption))
    return SetSpec(
        f"{source.name}+{corruption}", draw, n, source.seed, "corruption", source.split, source.size
    )


def draw_corrupted(
    corruption: str, metres: float, made_by: str, seed: int, n: int, size: int, *, source: SetSpec
) -> Draw:
    """The first pictures of the source, all at the mildest severity, then all at the next; n pictures altogether.

    Columns: label, severity, and `source`, the picture's position in the source. Blur by motion is rendered frame
    by frame; all else is computed from the picture, its depth and its camera. `made_by` is not read: it makes
    the set another one when the code of the corruption changes.
    """
    severities = severities_of(corruption)
    scenes, pictures, depths, cameras = _clean(source, seed, n // len(severities), size)

    def work(i):
        rng, camera = partial(np.random.default_rng, [seed, i]), cameras[i]
        if corruption in AVERAGED:
            shifts = camera_path(corruption, depths[i], camera[0, 0], rng())
            counts = [AVERAGED[corruption][s - 1] for s in severities]
            return np.rint(average(moving_frames(scenes[i], shifts, size), counts)).astype(np.uint8)
        return [
            CORRUPTIONS[corruption](pictures[i], metres * depths[i], s, rng(), camera) for s in severities
        ]

    # The common corruptions share numpy's global generator.
    with ThreadPoolExecutor(None if corruption in DEPTH else 1) as pool:
        made = np.array(list(pool.map(work, range(len(scenes)))))
    columns = {
        "label": [scene.label for scene in scenes] * len(severities),
        "severity": np.repeat(severities, len(scenes)).tolist(),
        "source": list(range(len(scenes))) * len(severities),
    }
    return Draw(columns=columns, images=made.swapaxes(0, 1).reshape(-1, size, size, 3))


@lru_cache(maxsize=1)
def _clean(source: SetSpec, seed: int, n: int, size: int):
    """Scenes, pictures, depth maps and cameras of the first n of a set, rendered once for all corruptions."""
    scenes = source.draw(seed, n, size).scenes
    geometry = render_geometry(scenes, size)
    return scenes, render(scenes, size, source.samples), geometry.depth.astype(float), geometry.intrinsics


@cache
def _code(corruption: str) -> str:
    """Digest of the code behind a corruption, and the version of the package that common ones come from."""
    here = Path(__file__).parent
    own = [*Path(corruptions.__file__).parent.glob("*.py"), here / "moving.py", here / "evaluation_sets.py"]
    return statements_digest(own) + ("" if corruption in DEPTH else version("imagecorruptions-imaug"))
