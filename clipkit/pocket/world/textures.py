"""Surface patterns: functions of two coordinates that mix two paints; compiled, without stored images."""

import math

from numba import njit

PATTERNS = (
    "plain", "banded", "striped", "diagonal", "dotted", "checkered", "marbled", "wooden", "brick", "scaly",
    "cracked", "plaid", "camouflage", "zigzag", "grid", "furry", "ringed", "starry", "wavy", "speckled",
    "triangle",
)  # fmt: skip
GROUND_PATTERNS = ("grainy", "cloudy", "rippled")  # only floors and walls wear these
PATTERN_INDEX = {name: i for i, name in enumerate(PATTERNS + GROUND_PATTERNS)}


@njit(cache=True, nogil=True)
def _hash(x, y, z):
    """A number in [0, 1] that depends on three integers alone."""
    n = (x * 73856093) ^ (y * 19349663) ^ (z * 83492791)
    n = (n << 13) ^ n
    return ((n * (n * n * 15731 + 789221) + 1376312589) & 0x7FFFFFFF) / 2147483647.0


@njit(cache=True, nogil=True)
def noise(x, y, salt):
    """Smooth value noise in [0, 1] over the plane; `salt` (an integer) picks another field."""
    xi, yi = int(math.floor(x)), int(math.floor(y))
    fx, fy = x - xi, y - yi
    fx, fy = fx * fx * (3.0 - 2.0 * fx), fy * fy * (3.0 - 2.0 * fy)
    low = (1.0 - fx) * _hash(xi, yi, salt) + fx * _hash(xi + 1, yi, salt)
    high = (1.0 - fx) * _hash(xi, yi + 1, salt) + fx * _hash(xi + 1, yi + 1, salt)
    return (1.0 - fy) * low + fy * high


@njit(cache=True, nogil=True)
def _fraction(x):
    return x - math.floor(x)


@njit(cache=True, nogil=True)
def _odd(x):
    return int(math.floor(x)) & 1


@njit(cache=True, nogil=True)
def _scales(u, v):
    for layer in range(2):
        row = math.floor(1.4 * v) - layer
        a, d = _fraction(u + 0.5 * _odd(row)) - 0.5, 1.4 * v - row
        radius = math.sqrt(a * a + 0.26 * d * d)
        if radius < 0.5:
            return max(0.0, (radius - 0.12) / 0.38) ** 1.5
    return 1.0


@njit(cache=True, nogil=True)
def _cells(u, v):
    """0 on the walls between the cells of a jittered grid, 1 inside."""
    iu, iv = int(math.floor(u)), int(math.floor(v))
    nearest, second = 9.0, 9.0
    for i in range(-1, 2):
        for j in range(-1, 2):
            a = iu + i + 0.15 + 0.7 * _hash(iu + i, iv + j, 3) - u
            b = iv + j + 0.15 + 0.7 * _hash(iu + i, iv + j, 11) - v
            distance = math.sqrt(a * a + b * b)
            if distance < nearest:
                nearest, second = distance, nearest
            elif distance < second:
                second = distance
    return 0.0 if second - nearest < 0.2 else 1.0


@njit(cache=True, nogil=True)
def mix(pattern, u, v):
    """Share of the second paint, in [0, 1], at the point (u, v); one unit is about one period.

    `pattern` is an index into `PATTERNS + GROUND_PATTERNS`.
    """
    f = _fraction
    if pattern == 0:
        return 0.0
    if pattern == 1:
        return 1.0 if f(v) < 0.5 else 0.0
    if pattern == 2:
        return 1.0 if f(u) < 0.5 else 0.0
    if pattern == 3:
        return 1.0 if f(0.72 * (u + v)) < 0.5 else 0.0
    if pattern == 4:
        a, b = f(u) - 0.5, f(v) - 0.5
        return 1.0 if a * a + b * b < 0.11 else 0.0
    if pattern == 5:
        return float(_odd(u) ^ _odd(v))
    if pattern == 6:
        return 0.5 + 0.5 * math.sin(4.0 * (u + 0.5 * v) + 7.0 * noise(0.9 * u, 0.9 * v, 3))
    if pattern == 7:
        return f(0.9 * v + 1.6 * noise(0.35 * u, 0.5 * v, 5) + 0.15 * noise(3.0 * u, 6.0 * v, 1))
    if pattern == 8:
        row = math.floor(1.1 * v)
        return 1.0 if f(0.62 * u + 0.5 * _odd(row)) < 0.13 or 1.1 * v - row < 0.22 else 0.0
    if pattern == 9:
        return _scales(u, v)
    if pattern == 10:
        return _cells(u, v)
    if pattern == 11:
        return 0.5 * (f(0.8 * u) < 0.5) + 0.5 * (f(0.8 * v) < 0.5)
    if pattern == 12:
        return 1.0 if noise(0.9 * u, 0.9 * v, 7) > 0.5 else 0.0
    if pattern == 13:
        return 1.0 if f(v + 1.2 * abs(f(0.8 * u) - 0.5)) < 0.5 else 0.0
    if pattern == 14:
        return 1.0 if f(u) < 0.24 or f(v) < 0.24 else 0.0
    if pattern == 15:
        return min(1.0, max(0.0, 2.8 * (noise(2.4 * u, 0.55 * v, 9) - 0.32)))
    if pattern == 16:
        a, b = f(0.55 * u) - 0.5, f(0.55 * v) - 0.5
        return 1.0 if f(3.6 * math.sqrt(a * a + b * b)) < 0.5 else 0.0
    if pattern == 17:
        a, b = abs(f(0.85 * u) - 0.5), abs(f(0.85 * v) - 0.5)
        return 1.0 if (a < 0.14 and b < 0.42) or (b < 0.14 and a < 0.42) else 0.0
    if pattern == 18:
        return 1.0 if f(v + 0.3 * math.sin(4.2 * u)) < 0.5 else 0.0
    if pattern == 19:
        return 1.0 if noise(2.6 * u, 2.6 * v, 2) > 0.6 else 0.0
    if pattern == 20:
        return 1.0 if f(0.8 * u) + f(0.8 * v) < 1.0 else 0.0
    if pattern == 21:
        return noise(3.0 * u, 3.0 * v, 4)
    if pattern == 22:
        cloud = 0.6 * noise(u, 2.0 * v, 6) + 0.4 * noise(2.0 * u, 4.0 * v, 8)
        return min(1.0, max(0.0, 3.0 * (cloud - 0.4)))
    return 0.5 + 0.5 * math.sin(6.0 * v + u + 6.0 * noise(2.0 * u, 2.0 * v, 10))
