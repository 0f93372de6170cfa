"""Things that grow."""

import numpy as np

from clipkit.pocket.world.shapes.builder import ACCENT, LEAF, WHITE, WOOD, YELLOW, Builder, shape
from clipkit.pocket.world.shapes.household import around


@shape("tree", "leafy tree", "fir tree")
def tree(b: Builder, variant: int):
    b.part("trunk").cylinder((0, 0, 0.45), (0.16, 0.16, 0.45), paint=WOOD)
    if variant:
        for layer in range(3):
            b.part("layer").cylinder(
                (0, 0, 0.9 + 0.45 * layer), (0.8 - 0.18 * layer, 0.8 - 0.18 * layer, 0.4), taper=0.1
            )
    else:
        b.part("crown").ellipsoid((0, 0, 1.5), (0.7, 0.7, 0.62))
        for x, y, z in ((0.42, 0.15, 1.2), (-0.4, -0.2, 1.25), (0.05, 0.45, 1.3), (0.1, -0.45, 1.2)):
            b.ellipsoid((x, y, z), 0.42)


@shape("cactus", "branched cactus", "simple cactus")
def cactus(b: Builder, variant: int):
    b.part("trunk").cylinder((0, 0, 1.0), (0.28, 0.28, 1.0))
    b.ellipsoid((0, 0, 2.0), (0.28, 0.28, 0.22))
    arms = ((1, 0.85, 1.55), (-1, 1.15, 1.8))[: 2 - variant]
    for side, low, high in arms:
        b.part("arm").rod((0, 0, low), (0.66 * side, 0, low), 0.16)
        b.ellipsoid((0.66 * side, 0, low), 0.17)
        b.rod((0.66 * side, 0, low), (0.66 * side, 0, high), 0.16)
        b.ellipsoid((0.66 * side, 0, high), 0.16)


@shape("flower", "daisy", "tulip")
def flower(b: Builder, variant: int):
    b.part("stem").cylinder((0, 0, 0.75), (0.06, 0.06, 0.75), paint=LEAF)
    for side in (1, -1):
        b.part("leaf").ellipsoid((0.05, 0.27 * side, 0.55), (0.1, 0.3, 0.06), (35 * side, 0, 0), paint=LEAF)
    if variant:
        b.part("cup").dome((0, 0, 1.85), (0.42, 0.42, 0.45), (180, 0, 0))
        for angle in around(4):
            c, s = np.cos(angle), np.sin(angle)
            b.part("petal").cylinder((0.22 * c, 0.22 * s, 2.05), (0.22, 0.22, 0.25), taper=0.05)
    else:
        for angle in around(7):
            c, s = np.cos(angle), np.sin(angle)
            b.part("petal").ellipsoid(
                (0, 0.46 * c, 1.65 + 0.46 * s), (0.09, 0.3, 0.19), (np.degrees(angle), 0, 0)
            )
        b.part("centre").ellipsoid((0.05, 0, 1.65), (0.14, 0.23, 0.23), paint=YELLOW)


@shape("mushroom", "toadstool", "flat mushroom")
def mushroom(b: Builder, variant: int):
    b.part("stem").cylinder((0, 0, 0.45), (0.3, 0.3, 0.48), taper=0.75, paint=WHITE)
    b.part("cap").dome((0, 0, 0.85), (0.85, 0.85, (0.75, 0.4)[variant]))
    b.part("gills").cylinder((0, 0, 0.83), (0.8, 0.8, 0.03), paint=ACCENT)
