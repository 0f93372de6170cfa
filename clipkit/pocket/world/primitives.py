"""Where a ray meets a primitive: ellipsoid, tapered box, frustum, dome; compiled, in double precision.

Every primitive is a unit solid in its own frame (−1 … 1 along each axis) that an affine map puts into the
world; a row of numbers describes it, so that a scene is one array. The columns are named below.
"""

import math

from numba import njit

ELLIPSOID, BOX, FRUSTUM, DOME = 0, 1, 2, 3

KIND = 0
TO_LOCAL = 1  # twelve numbers: the rows of the 3 × 4 matrix from world to local coordinates
TAPER_X, TAPER_Y = 13, 14  # half-width at the top over half-width at the bottom
PAINT_A, PAINT_B = 15, 18  # linear RGB
PATTERN, CYCLES, GLOSS, PART, INSTANCE = 21, 22, 23, 24, 25
BOUND = 26  # centre and radius of a sphere that holds the primitive
ROW_LENGTH = 30

FAR = 1e6


@njit(cache=True, nogil=True)
def _hit_ellipsoid(ox, oy, oz, dx, dy, dz, near, far, dome):
    a = dx * dx + dy * dy + dz * dz
    b = ox * dx + oy * dy + oz * dz
    c = ox * ox + oy * oy + oz * oz - 1.0
    discriminant = b * b - a * c
    if discriminant < 0.0:
        return far, 0.0, 0.0, 0.0
    root = math.sqrt(discriminant)
    best, nx, ny, nz = far, 0.0, 0.0, 0.0
    for sign in (-1.0, 1.0):
        t = (-b + sign * root) / a
        z = oz + t * dz
        if near < t < best and (not dome or z >= 0.0):
            best, nx, ny, nz = t, ox + t * dx, oy + t * dy, z
            break
    if dome and abs(dz) > 1e-9:
        t = -oz / dz
        x, y = ox + t * dx, oy + t * dy
        if near < t < best and x * x + y * y <= 1.0:
            best, nx, ny, nz = t, 0.0, 0.0, -1.0
    return best, nx, ny, nz


@njit(cache=True, nogil=True)
def _hit_box(ox, oy, oz, dx, dy, dz, taper_x, taper_y, near, far):
    enter, leave = -FAR, FAR
    nx, ny, nz = 0.0, 0.0, 0.0
    for face in range(6):
        axis, sign = face // 2, 2.0 * (face % 2) - 1.0
        # The face is the plane a·x + b·y + c·z = d, outward normal (a, b, c).
        a, b, c, d = 0.0, 0.0, 0.0, 1.0
        if axis == 0:
            a, c, d = sign, 0.5 * (1.0 - taper_x), 0.5 * (1.0 + taper_x)
        elif axis == 1:
            b, c, d = sign, 0.5 * (1.0 - taper_y), 0.5 * (1.0 + taper_y)
        else:
            c = sign
        slope = a * dx + b * dy + c * dz
        offset = d - (a * ox + b * oy + c * oz)
        if abs(slope) < 1e-12:
            if offset < 0.0:
                return far, 0.0, 0.0, 0.0
            continue
        t = offset / slope
        if slope < 0.0:
            if t > enter:
                enter, nx, ny, nz = t, a, b, c
        elif t < leave:
            leave = t
    if enter > leave or enter <= near or enter >= far:
        return far, 0.0, 0.0, 0.0
    return enter, nx, ny, nz


@njit(cache=True, nogil=True)
def _hit_frustum(ox, oy, oz, dx, dy, dz, taper, near, far):
    mean, slope = 0.5 * (1.0 + taper), 0.5 * (taper - 1.0)  # radius(z) = mean + slope · z
    best, nx, ny, nz = far, 0.0, 0.0, 0.0
    radius = mean + slope * oz
    a = dx * dx + dy * dy - slope * slope * dz * dz
    b = ox * dx + oy * dy - radius * slope * dz
    c = ox * ox + oy * oy - radius * radius
    discriminant = b * b - a * c
    if discriminant > 0.0 and abs(a) > 1e-12:
        root = math.sqrt(discriminant)
        for sign in (-1.0, 1.0):
            t = (-b + sign * root) / a
            z = oz + t * dz
            if near < t < best and -1.0 <= z <= 1.0 and mean + slope * z >= 0.0:
                best, nx, ny, nz = t, ox + t * dx, oy + t * dy, -slope * (mean + slope * z)
    if abs(dz) > 1e-9:
        for cap in (-1.0, 1.0):
            t = (cap - oz) / dz
            rim = taper if cap > 0.0 else 1.0
            x, y = ox + t * dx, oy + t * dy
            if near < t < best and x * x + y * y <= rim * rim:
                best, nx, ny, nz = t, 0.0, 0.0, cap
    return best, nx, ny, nz


@njit(cache=True, nogil=True)
def hit(rows, i, ox, oy, oz, dx, dy, dz, near, far):
    """Nearest meeting of the world ray o + t·d with primitive `i`, near < t < far.

    Returns t (equal to `far` for a miss) and the outward normal in the primitive's own frame, not of unit
    length. Boxes are solid from outside only: a ray that starts inside one does not see it.
    """
    m = TO_LOCAL
    lx = rows[i, m] * ox + rows[i, m + 1] * oy + rows[i, m + 2] * oz + rows[i, m + 3]
    ly = rows[i, m + 4] * ox + rows[i, m + 5] * oy + rows[i, m + 6] * oz + rows[i, m + 7]
    lz = rows[i, m + 8] * ox + rows[i, m + 9] * oy + rows[i, m + 10] * oz + rows[i, m + 11]
    ex = rows[i, m] * dx + rows[i, m + 1] * dy + rows[i, m + 2] * dz
    ey = rows[i, m + 4] * dx + rows[i, m + 5] * dy + rows[i, m + 6] * dz
    ez = rows[i, m + 8] * dx + rows[i, m + 9] * dy + rows[i, m + 10] * dz
    kind = int(rows[i, KIND])
    if kind == BOX:
        return _hit_box(lx, ly, lz, ex, ey, ez, rows[i, TAPER_X], rows[i, TAPER_Y], near, far)
    if kind == FRUSTUM:
        return _hit_frustum(lx, ly, lz, ex, ey, ez, rows[i, TAPER_X], near, far)
    return _hit_ellipsoid(lx, ly, lz, ex, ey, ez, near, far, kind == DOME)


@njit(cache=True, nogil=True)
def _misses(cx, cy, cz, radius, ox, oy, oz, dx, dy, dz, far):
    """True if the ray cannot meet the sphere between its origin and `far`."""
    cx, cy, cz = cx - ox, cy - oy, cz - oz
    along = cx * dx + cy * dy + cz * dz
    if along < -radius or along - radius > far:
        return True
    return cx * cx + cy * cy + cz * cz - along * along > radius * radius


@njit(cache=True, nogil=True)
def first_hit(rows, spheres, ox, oy, oz, dx, dy, dz, near, far, any_hit):
    """The first primitive a ray meets: index (−1 for none), t, and its local normal.

    `spheres` holds one row per object: centre, radius, first and last-plus-one primitive; objects and
    primitives whose sphere the ray (of unit direction) misses are skipped. With `any_hit` the search ends at
    the first meeting (shadows).
    """
    index, best, nx, ny, nz = -1, far, 0.0, 0.0, 0.0
    for s in range(spheres.shape[0]):
        x, y, z, radius = spheres[s, 0], spheres[s, 1], spheres[s, 2], spheres[s, 3]
        if _misses(x, y, z, radius, ox, oy, oz, dx, dy, dz, best):
            continue
        for i in range(int(spheres[s, 4]), int(spheres[s, 5])):
            x, y, z, radius = rows[i, BOUND], rows[i, BOUND + 1], rows[i, BOUND + 2], rows[i, BOUND + 3]
            if _misses(x, y, z, radius, ox, oy, oz, dx, dy, dz, best):
                continue
            t, a, b, c = hit(rows, i, ox, oy, oz, dx, dy, dz, near, best)
            if t < best:
                index, best, nx, ny, nz = i, t, a, b, c
                if any_hit:
                    return index, best, nx, ny, nz
    return index, best, nx, ny, nz
