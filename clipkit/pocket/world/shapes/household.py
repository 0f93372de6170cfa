"""Things of the house and the yard."""

import numpy as np

from clipkit.pocket.world.shapes.builder import (
    ACCENT,
    BODY,
    DARK,
    GLASS,
    METAL,
    ORANGE,
    WHITE,
    WOOD,
    Builder,
    shape,
)


def four_legs(b: Builder, x, y, height, radius, paint=BODY):
    """Four upright legs at (±x, ±y), each a part of its own."""
    for at_x in (x, -x):
        for at_y in (y, -y):
            b.part("leg").cylinder((at_x, at_y, height / 2), (radius, radius, height / 2), paint=paint)


@shape("mug", "short mug", "tall mug")
def mug(b: Builder, variant: int):
    half, radius = ((0.5, 0.58), (0.85, 0.5))[variant]
    b.part("body").cylinder((0, 0, half), (radius, radius, half))
    b.part("opening").cylinder((0, 0, 2 * half), (0.86 * radius, 0.86 * radius, 0.02), paint=DARK)
    b.part("handle").ring((radius, 0, half), 0.36, 0.09, -90, 90, 6, paint=ACCENT)


@shape("bottle", "wine bottle", "round bottle")
def bottle(b: Builder, variant: int):
    if variant:
        b.part("body").ellipsoid((0, 0, 0.62), (0.6, 0.6, 0.62))
        b.part("neck").cylinder((0, 0, 1.5), (0.15, 0.15, 0.4))
        b.part("cap").cylinder((0, 0, 1.95), (0.19, 0.19, 0.1), paint=ACCENT)
    else:
        b.part("body").cylinder((0, 0, 0.75), (0.36, 0.36, 0.75))
        b.part("shoulder").cylinder((0, 0, 1.68), (0.36, 0.36, 0.18), taper=0.36)
        b.part("neck").cylinder((0, 0, 2.05), (0.13, 0.13, 0.25))
        b.part("cap").cylinder((0, 0, 2.36), (0.16, 0.16, 0.1), paint=ACCENT)


@shape("teapot", "round teapot", "tall teapot")
def teapot(b: Builder, variant: int):
    width, height = ((0.78, 0.58), (0.6, 0.85))[variant]
    b.part("body").ellipsoid((0, 0, height), (width, width, height))
    b.part("spout").rod((0.75 * width, 0, 0.7 * height), (width + 0.5, 0, 1.75 * height), 0.17, 0.5)
    b.part("handle").ring((-0.9 * width, 0, 1.05 * height), 0.42, 0.08, 75, 285, 7, paint=ACCENT)
    b.part("lid").cylinder((0, 0, 1.92 * height), (0.38, 0.38, 0.06), taper=0.8, paint=ACCENT)
    b.ellipsoid((0, 0, 2 * height + 0.12), 0.13, paint=ACCENT)


@shape("chair", "dining chair", "armchair")
def chair(b: Builder, variant: int):
    if variant:
        four_legs(b, 0.45, 0.5, 0.3, 0.09, ACCENT)
        b.part("seat").box((0, 0, 0.5), (0.6, 0.5, 0.2))
        b.part("back").box((-0.5, 0, 1.0), (0.14, 0.62, 0.55), (0, -8, 0))
        for side in (1, -1):
            b.part("arm").box((0.05, 0.6 * side, 0.7), (0.58, 0.14, 0.4))
    else:
        four_legs(b, 0.45, 0.45, 0.85, 0.07, ACCENT)
        b.part("seat").box((0, 0, 0.9), (0.55, 0.55, 0.09))
        b.part("back").box((-0.5, 0, 1.62), (0.07, 0.55, 0.42))
        for side in (1, -1):
            b.box((-0.5, 0.48 * side, 1.1), (0.06, 0.07, 0.2))


@shape("table", "dining table", "round table")
def table(b: Builder, variant: int):
    if variant:
        b.part("top").cylinder((0, 0, 1.0), (1.0, 1.0, 0.08))
        b.part("leg").cylinder((0, 0, 0.5), (0.11, 0.11, 0.5), paint=ACCENT)
        b.part("foot").cylinder((0, 0, 0.06), (0.55, 0.55, 0.06), taper=0.6, paint=ACCENT)
    else:
        four_legs(b, 1.0, 0.58, 0.9, 0.09, ACCENT)
        b.part("top").box((0, 0, 0.97), (1.2, 0.75, 0.09))


@shape("bed", "single bed", "double bed")
def bed(b: Builder, variant: int):
    width = (0.55, 0.85)[variant]
    four_legs(b, 1.15, width - 0.08, 0.2, 0.08, WOOD)
    b.part("frame").box((0, 0, 0.32), (1.25, width, 0.14), paint=WOOD)
    b.part("mattress").box((0.08, 0, 0.54), (1.15, 0.96 * width, 0.14))
    b.part("headboard").box((-1.22, 0, 0.72), (0.07, width + 0.04, 0.62), paint=WOOD)
    for side in (1, -1) if variant else (0,):
        b.part("pillow").ellipsoid((-0.85, 0.42 * side, 0.74), (0.26, 0.36, 0.15), paint=WHITE)


@shape("lamp", "table lamp", "floor lamp")
def lamp(b: Builder, variant: int):
    stem = (0.75, 1.5)[variant]
    b.part("foot").cylinder((0, 0, 0.07), (0.45, 0.45, 0.07), taper=0.8, paint=ACCENT)
    b.part("stem").cylinder((0, 0, stem / 2 + 0.1), (0.07, 0.07, stem / 2 + 0.1), paint=ACCENT)
    b.part("shade").cylinder((0, 0, stem + 0.45), (0.7, 0.7, 0.4), taper=0.5)


@shape("hammer", "claw hammer", "mallet")
def hammer(b: Builder, variant: int):
    if variant:
        b.part("handle").rod((0, 0, 0), (0, 0, 1.6), 0.11)
        b.part("head").cylinder((0, 0, 1.75), (0.36, 0.36, 0.58), (0, 90, 0), paint=ACCENT)
        for side in (1, -1):
            b.part("rim").cylinder((0.56 * side, 0, 1.75), (0.39, 0.39, 0.07), (0, 90, 0), paint=DARK)
    else:
        b.part("handle").rod((0, 0, 0), (0, 0, 1.75), 0.13, 0.75)
        b.part("head").cylinder((0.35, 0, 1.75), (0.15, 0.15, 0.28), (0, 90, 0), paint=METAL)
        b.cylinder((0.68, 0, 1.75), (0.24, 0.24, 0.11), (0, 90, 0), paint=METAL)
        b.box((0, 0, 1.75), (0.2, 0.17, 0.17), paint=METAL)
        for side in (1, -1):
            b.part("claw").rod((-0.15, 0.05 * side, 1.78), (-0.5, 0.1 * side, 1.7), 0.1, 0.75, paint=METAL)
            b.rod((-0.48, 0.1 * side, 1.71), (-0.75, 0.14 * side, 1.45), 0.075, 0.2, paint=METAL)


@shape("umbrella", "wide umbrella", "tall umbrella")
def umbrella(b: Builder, variant: int):
    width, height = ((1.2, 0.55), (0.85, 0.8))[variant]
    b.part("canopy").dome((0, 0, 1.4), (width, width, height))
    b.part("tip").rod((0, 0, 1.38 + height), (0, 0, 1.6 + height), 0.06, 0.3, paint=DARK)
    b.part("stick").rod((0, 0, 0.2), (0, 0, 1.42), 0.06, paint=DARK)
    b.part("hook").ring((0.2, 0, 0.2), 0.2, 0.065, 180, 360, 5, paint=WOOD)


@shape("guitar", "acoustic guitar", "electric guitar")
def guitar(b: Builder, variant: int):
    if variant:
        b.part("body").cylinder((0, 0, 0.5), (0.5, 0.46, 0.12), (90, 0, 0))
        for side in (1, -1):
            b.part("horn").rod((0.3 * side, 0, 0.6), (0.42 * side, 0, 1.2), 0.15, 0.5)
        b.part("pickguard").box((0, -0.13, 0.55), (0.2, 0.02, 0.22), paint=ACCENT)
    else:
        b.part("body").cylinder((0, 0, 0.55), (0.62, 0.55, 0.18), (90, 0, 0))
        b.cylinder((0, 0, 1.15), (0.46, 0.4, 0.18), (90, 0, 0))
        b.part("hole").cylinder((0, -0.18, 0.85), (0.19, 0.19, 0.02), (90, 0, 0), paint=DARK)
    b.part("bridge").box((0, -0.2, 0.38), (0.22, 0.04, 0.05), paint=DARK)
    b.part("neck").box((0, -0.1, 1.85), (0.09, 0.07, 0.75), paint=WOOD)
    b.part("headstock").box((0, -0.08, 2.72), (0.13, 0.06, 0.2), taper=(1.4, 1), paint=ACCENT)


@shape("house", "cottage", "tower house")
def house(b: Builder, variant: int):
    width, height, roof = ((0.95, 0.55, 0.45), (0.6, 1.0, 0.5))[variant]
    b.part("walls").box((0, 0, height), (0.9 if not variant else 0.6, width, height))
    b.part("roof").box(
        (0, 0, 2 * height + roof),
        (1.05 if not variant else 0.72, width + 0.14, roof),
        taper=(1.0, 0.02) if not variant else (0.02, 0.02),
        paint=ACCENT,
    )
    front = 0.9 if not variant else 0.6
    b.part("door").box((front, 0, 0.38), (0.04, 0.18, 0.38), paint=WOOD)
    for side in (1, -1):
        b.part("window").box((front, 0.62 * width * side, 1.35 * height), (0.04, 0.15, 0.16), paint=GLASS)
        b.part("window").box((0.45 * front * side, -width, 1.2 * height), (0.16, 0.04, 0.18), paint=GLASS)
    if not variant:
        b.part("chimney").box((-0.5, 0.4, 1.85), (0.13, 0.13, 0.35), paint=(0.4, 0.12, 0.08))


@shape("snowman", "snowman with a hat", "bare snowman")
def snowman(b: Builder, variant: int):
    b.part("bottom").ellipsoid((0, 0, 0.58), 0.62)
    b.part("belly").ellipsoid((0, 0, 1.38), 0.45)
    b.part("head").ellipsoid((0, 0, 1.98), 0.31)
    b.part("nose").rod((0.26, 0, 1.98), (0.68, 0, 1.94), 0.09, 0.1, paint=ORANGE)
    for side in (1, -1):
        b.part("eye").ellipsoid((0.25, 0.12 * side, 2.09), 0.055, paint=DARK)
        b.part("arm").rod((0, 0.36 * side, 1.45), (0, 0.98 * side, 1.75), 0.05, paint=WOOD)
    for height in (1.22, 1.48):
        b.part("button").ellipsoid((0.43, 0, height), 0.06, paint=DARK)
    if not variant:
        b.part("hat").cylinder((0, 0, 2.26), (0.4, 0.4, 0.035), paint=DARK)
        b.cylinder((0, 0, 2.48), (0.26, 0.26, 0.22), paint=DARK)


def around(count: int) -> np.ndarray:
    """Angles of `count` equal steps around a circle, in radians."""
    return np.arange(count) * 2 * np.pi / count
