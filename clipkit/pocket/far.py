"""Far out-of-distribution pictures: textures that fill the frame, noise, and abstract line drawings."""

import numpy as np
from numba import njit
from scipy import ndimage

from clipkit.pocket.world.palette import COLOURS, SURFACE_PATTERNS
from clipkit.pocket.world.sampling import Dice
from clipkit.pocket.world.textures import PATTERN_INDEX, mix

_FINE = 3


@njit(cache=True, nogil=True)
def _fill(pattern, size, scale, cosine, sine, out):
    for i in range(size):
        for j in range(size):
            u, v = scale * j / size, scale * i / size
            out[i, j] = mix(pattern, cosine * u - sine * v + 31.7, sine * u + cosine * v + 17.3)


def texture(dice: Dice, size: int) -> np.ndarray:
    """A flat, turned surface pattern in two colours, uint8 (size, size, 3)."""
    angle = np.radians(dice.uniform(0, 180))
    share = np.empty((size * _FINE, size * _FINE))
    pattern = PATTERN_INDEX[dice.pick(SURFACE_PATTERNS)]
    _fill(pattern, size * _FINE, dice.uniform(3, 9), float(np.cos(angle)), float(np.sin(angle)), share)
    first = dice.pick(list(COLOURS))
    a, b = np.array(COLOURS[first]), np.array(COLOURS[dice.pick(list(COLOURS), (first,))])
    linear = a + (b - a) * share[..., None]
    shade = 1.0 - 0.4 * np.linspace(0, 1, size * _FINE)[:, None, None] * dice.uniform(0, 1)
    return _to_bytes(_shrink(linear * shade) ** (1 / 1.6) * 255)


def noise(dice: Dice, size: int) -> np.ndarray:
    """White or smooth colour noise, uint8 (size, size, 3)."""
    generator = np.random.default_rng(dice.pick(range(1 << 30)))
    coarse = dice.pick((1, 1, 4, 8))
    grid = generator.random((size // coarse + 3, size // coarse + 3, 3))
    return _to_bytes(
        255 * ndimage.zoom(grid, (coarse, coarse, 1), order=1 if coarse > 1 else 0)[:size, :size]
    )


def drawing(dice: Dice, size: int) -> np.ndarray:
    """Curves and polygons in dark ink on paper, uint8 (size, size, 3)."""
    fine = size * _FINE
    paper = np.full((fine, fine), 250.0)
    for _ in range(dice.pick((2, 3, 4, 5))):
        corners = dice.pick((3, 4, 5, 24))
        turn, radius = dice.uniform(0, 6.28), dice.uniform(0.08, 0.4)
        cx, cy = dice.uniform(0.2, 0.8), dice.uniform(0.2, 0.8)
        squeeze = dice.uniform(0.3, 1.0)
        closed = corners if dice.chance(0.7) else max(2, corners // 2)
        angle = turn + np.arange(closed + 1) * 2 * np.pi / corners
        points = np.stack([cx + radius * np.cos(angle), cy + squeeze * radius * np.sin(angle)], 1) * fine
        for start, end in zip(points[:-1], points[1:], strict=True):
            steps = np.linspace(0, 1, int(2 * np.abs(end - start).max()) + 2)[:, None]
            x, y = (start + steps * (end - start)).round().astype(int).T
            inside = (x >= 0) & (x < fine) & (y >= 0) & (y < fine)
            paper[y[inside], x[inside]] = 20.0
    inked = ndimage.minimum_filter(paper, 3)
    return _to_bytes(np.repeat(_shrink(inked[..., None]), 3, -1))


def _shrink(image: np.ndarray) -> np.ndarray:
    size = image.shape[0] // _FINE
    return image.reshape(size, _FINE, size, _FINE, -1).mean((1, 3))


def _to_bytes(image: np.ndarray) -> np.ndarray:
    return np.floor(np.clip(image, 0, 255) + 0.5).astype(np.uint8)
