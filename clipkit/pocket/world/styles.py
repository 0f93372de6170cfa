"""Pictures of scenes in their own medium: photo, line sketch, flat colours, oil painting."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from clipkit.pocket.world.raycaster import photograph, render_geometry
from clipkit.pocket.world.scene import Scene

_FINE = 2  # drawn at this many times the size, then averaged


def _shrink(image: np.ndarray) -> np.ndarray:
    size = image.shape[0] // _FINE
    return image.reshape(size, _FINE, size, _FINE, -1).mean((1, 3))


def _outlines(instance: np.ndarray, part: np.ndarray) -> np.ndarray:
    """True where object or part changes between a pixel and the next, right or below."""
    key = instance.astype(int) * 1000 + part
    edge = np.zeros(key.shape, bool)
    edge[:, 1:] |= key[:, 1:] != key[:, :-1]
    edge[1:] |= key[1:] != key[:-1]
    return edge


def _geometry(scene: Scene, size: int):
    g = render_geometry([scene], size)
    return g.instance[0], g.part[0]


def sketch(scene: Scene, size: int) -> np.ndarray:
    """Dark outlines of objects and parts on paper, the objects lightly toned."""
    instance, part = _geometry(scene, size * _FINE)
    edge = ndimage.binary_dilation(_outlines(instance, part))
    tone = np.where(edge, 25.0, np.where(instance >= 0, 226.0, 250.0))
    return np.repeat(_shrink(tone[..., None]), 3, -1)


def flat(scene: Scene, size: int) -> np.ndarray:
    """A cartoon: each part in one plain colour, two plain colours for the ground, dark outlines."""
    plain = replace(scene, pattern="plain", others=tuple(replace(t, pattern="plain") for t in scene.others))
    instance, part = _geometry(scene, size * _FINE)
    photo = photograph(plain, size * _FINE, 1).astype(float)
    key = instance.astype(int) * 1000 + part
    _, index = np.unique(key, return_inverse=True)
    index = index.reshape(key.shape)
    counts = np.bincount(index.ravel())
    means = np.stack([np.bincount(index.ravel(), photo[..., c].ravel()) / counts for c in range(3)], -1)
    image = means[index]
    image[_outlines(instance, part)] = 20.0
    return _shrink(image)


def painting(scene: Scene, size: int) -> np.ndarray:
    """Oil paint: each spot takes the mean of the least varied of four squares around it (Kuwahara 1976)."""
    image = photograph(scene, size * _FINE, 1).astype(float)
    reach = 2 * _FINE
    width = reach + 1
    mean = ndimage.uniform_filter(image, (width, width, 1), mode="nearest")
    luma = image.mean(-1)
    spread = (
        ndimage.uniform_filter(luma**2, width, mode="nearest")
        - ndimage.uniform_filter(luma, width, mode="nearest") ** 2
    )
    corners = [(a, b) for a in (-reach // 2, reach // 2) for b in (-reach // 2, reach // 2)]
    spreads = np.stack([ndimage.shift(spread, c, order=0, mode="nearest") for c in corners])
    means = np.stack([ndimage.shift(mean, (*c, 0), order=0, mode="nearest") for c in corners])
    best = spreads.argmin(0)
    painted = np.take_along_axis(means, best[None, ..., None], 0)[0]
    grey = painted.mean(-1, keepdims=True)
    return _shrink(np.clip(grey + 1.35 * (painted - grey), 0, 255))


_STYLES = {"sketch": sketch, "flat": flat, "painting": painting}


def render(scenes: Sequence[Scene], size: int = 48, samples: int = 4) -> np.ndarray:
    """Pictures of the scenes in their own styles, uint8 (n, size, size, 3).

    `samples` per pixel of a photo is a square number (1, 4, 9 …). Same scenes, same bytes: in every process
    and with any number of threads on one machine. Releases the interpreter lock, so that threads render side
    by side.
    """
    images = np.empty((len(scenes), size, size, 3), np.uint8)
    for image, scene in zip(images, scenes, strict=True):
        if scene.style == "photo":
            image[:] = photograph(scene, size, samples)
        else:
            image[:] = np.floor(_STYLES[scene.style](scene, size) + 0.5).astype(np.uint8)
    return images
