"""Near out-of-distribution objects: like the known classes, and none of them; no training image shows one."""

import numpy as np

from clipkit.pocket.world.shapes.animals import eyes
from clipkit.pocket.world.shapes.builder import (
    ACCENT,
    BODY,
    DARK,
    GLASS,
    METAL,
    WHITE,
    WOOD,
    YELLOW,
    Builder,
    shape,
)
from clipkit.pocket.world.shapes.household import around, four_legs
from clipkit.pocket.world.shapes.vehicles import wheels


@shape("stool")
def stool(b: Builder, variant: int):
    four_legs(b, 0.38, 0.38, 1.1, 0.07, ACCENT)
    b.part("seat").cylinder((0, 0, 1.15), (0.6, 0.6, 0.1))


@shape("train")
def train(b: Builder, variant: int):
    b.part("boiler").rod((-0.9, 0, 0.85), (1.1, 0, 0.85), 0.42)
    b.part("cab").box((-0.95, 0, 1.1), (0.45, 0.52, 0.7), paint=ACCENT)
    b.part("funnel").cylinder((0.8, 0, 1.45), (0.13, 0.13, 0.3), taper=1.6, paint=DARK)
    b.part("chassis").box((0, 0, 0.4), (1.4, 0.42, 0.12), paint=DARK)
    b.part("plough").box((1.45, 0, 0.3), (0.3, 0.42, 0.25), taper=(0.2, 0.8), paint=DARK)
    wheels(b, 1.0, 0.45, 0.28, axles=4)


@shape("helicopter")
def helicopter(b: Builder, variant: int):
    b.part("cabin").ellipsoid((0.2, 0, 0.8), (0.75, 0.45, 0.5))
    b.part("window").ellipsoid((0.55, 0, 0.86), (0.45, 0.38, 0.36), paint=GLASS)
    b.part("tail").rod((-0.3, 0, 0.95), (-1.6, 0, 1.1), 0.16, 0.5)
    for turn in (20, 110):
        b.part("rotor").box((0.2, 0, 1.48), (1.4, 0.08, 0.025), (0, 0, turn), paint=DARK)
    b.part("mast").rod((0.2, 0, 1.2), (0.2, 0, 1.5), 0.06, paint=DARK)
    b.part("fin").box((-1.6, 0, 1.25), (0.14, 0.035, 0.3), paint=ACCENT)
    for side in (1, -1):
        b.part("skid").rod((-0.4, 0.38 * side, 0.1), (0.9, 0.38 * side, 0.1), 0.05, paint=DARK)
        b.rod((0.2, 0.38 * side, 0.1), (0.2, 0.25 * side, 0.45), 0.04, paint=DARK)


@shape("submarine")
def submarine(b: Builder, variant: int):
    b.part("hull").ellipsoid((0, 0, 0.55), (1.4, 0.43, 0.43))
    b.part("tower").cylinder((0.1, 0, 1.05), (0.36, 0.2, 0.28), paint=ACCENT)
    b.part("periscope").rod((0.1, 0, 1.2), (0.1, 0, 1.7), 0.05, paint=METAL)
    b.rod((0.1, 0, 1.68), (0.3, 0, 1.68), 0.05, paint=METAL)
    b.part("rudder").box((-1.3, 0, 0.55), (0.14, 0.5, 0.04), paint=ACCENT)
    b.box((-1.3, 0, 0.55), (0.14, 0.04, 0.5), paint=ACCENT)
    for x in (-0.4, 0.1, 0.6):
        b.part("porthole").ellipsoid((x, -0.4, 0.6), (0.1, 0.06, 0.1), paint=GLASS)


@shape("lighthouse")
def lighthouse(b: Builder, variant: int):
    b.part("tower").cylinder((0, 0, 1.1), (0.52, 0.52, 1.1), taper=0.6)
    b.part("gallery").cylinder((0, 0, 2.24), (0.44, 0.44, 0.05), paint=DARK)
    b.part("lantern").cylinder((0, 0, 2.45), (0.23, 0.23, 0.18), paint=YELLOW)
    b.part("roof").cylinder((0, 0, 2.78), (0.33, 0.33, 0.17), taper=0.05, paint=ACCENT)


@shape("elephant")
def elephant(b: Builder, variant: int):
    four_legs(b, 0.55, 0.32, 0.65, 0.19)
    b.part("body").ellipsoid((0, 0, 1.05), (0.95, 0.6, 0.62))
    b.part("head").ellipsoid((1.05, 0, 1.35), (0.42, 0.4, 0.43))
    b.part("trunk").rod((1.38, 0, 1.2), (1.6, 0, 0.35), 0.17, 0.55)
    for side in (1, -1):
        b.part("ear").ellipsoid((0.88, 0.55 * side, 1.4), (0.08, 0.34, 0.45), (0, 0, 25 * side))
        b.part("tusk").rod((1.33, 0.22 * side, 1.05), (1.78, 0.25 * side, 0.95), 0.07, 0.3, paint=WHITE)
    eyes(b, 1.38, 0.2, 1.5, 0.05)


@shape("axe")
def axe(b: Builder, variant: int):
    b.part("handle").rod((0, 0, 0), (0, 0, 2.0), 0.09, paint=WOOD)
    b.part("blade").box((0.33, 0, 1.65), (0.28, 0.09, 0.33), (0, 90, 0), taper=(1.7, 0.1))


@shape("palm tree")
def palm_tree(b: Builder, variant: int):
    b.part("trunk").rod((0, 0, 0), (0.25, 0, 1.8), 0.15, 0.65, paint=WOOD)
    for angle in around(7):
        c, s = np.cos(angle), np.sin(angle)
        b.part("frond").ellipsoid(
            (0.25 + 0.5 * c, 0.5 * s, 1.75), (0.58, 0.15, 0.05), (0, 24, np.degrees(angle))
        )


@shape("robot")
def robot(b: Builder, variant: int):
    b.part("body").box((0, 0, 1.0), (0.38, 0.5, 0.5))
    b.part("head").box((0, 0, 1.82), (0.28, 0.34, 0.26), paint=ACCENT)
    for side in (1, -1):
        b.part("leg").box((0, 0.24 * side, 0.26), (0.15, 0.15, 0.26), paint=ACCENT)
        b.part("arm").rod((0, 0.62 * side, 1.4), (0.12, 0.8 * side, 0.6), 0.12, paint=ACCENT)
        b.part("eye").ellipsoid((0.28, 0.14 * side, 1.88), 0.08, paint=YELLOW)
    b.part("antenna").rod((0, 0, 2.05), (0, 0, 2.35), 0.03, paint=METAL)
    b.ellipsoid((0, 0, 2.38), 0.08, paint=(0.7, 0.05, 0.05))


@shape("bicycle")
def bicycle(b: Builder, variant: int):
    for x in (0.78, -0.78):
        b.part("wheel").ring((x, 0, 0.52), 0.48, 0.06, segments=12, paint=DARK)
    b.part("frame")
    points = {
        "rear": (-0.78, 0, 0.52),
        "seat": (-0.28, 0, 1.15),
        "bar": (0.55, 0, 1.15),
        "pedal": (0, 0, 0.48),
    }
    for start, end in (
        ("rear", "seat"),
        ("seat", "bar"),
        ("bar", "pedal"),
        ("pedal", "rear"),
        ("pedal", "seat"),
    ):
        b.rod(points[start], points[end], 0.06, paint=BODY)
    b.rod((0.78, 0, 0.52), (0.53, 0, 1.4), 0.06)
    b.part("saddle").ellipsoid((-0.32, 0, 1.35), (0.25, 0.12, 0.07), paint=DARK)
    b.part("handlebar").rod((0.5, -0.35, 1.42), (0.5, 0.35, 1.42), 0.05, paint=DARK)


@shape("rabbit")
def rabbit(b: Builder, variant: int):
    b.part("body").ellipsoid((0, 0, 0.55), (0.65, 0.42, 0.52))
    b.part("head").ellipsoid((0.55, 0, 1.15), (0.34, 0.3, 0.3))
    for side in (1, -1):
        b.part("ear").ellipsoid(
            (0.42, 0.15 * side, 1.75), (0.08, 0.12, 0.45), (-8 * side, -10, 0), paint=ACCENT
        )
        b.part("foot").ellipsoid((0.35, 0.28 * side, 0.12), (0.35, 0.14, 0.13))
    eyes(b, 0.78, 0.17, 1.25, 0.06)
    b.part("tail").ellipsoid((-0.65, 0, 0.5), 0.18, paint=WHITE)


@shape("windmill")
def windmill(b: Builder, variant: int):
    b.part("tower").cylinder((0, 0, 0.9), (0.6, 0.6, 0.9), taper=0.6)
    b.part("cap").dome((0, 0, 1.8), (0.4, 0.4, 0.4), paint=ACCENT)
    for angle in (45, 135, 225, 315):
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        b.part("sail").box((0.5, 0.58 * c, 1.75 + 0.58 * s), (0.03, 0.55, 0.15), (angle, 0, 0), paint=WHITE)
    b.part("hub").ellipsoid((0.48, 0, 1.75), 0.1, paint=DARK)
    b.part("door").box((0.55, 0, 0.3), (0.08, 0.16, 0.3), paint=WOOD)
