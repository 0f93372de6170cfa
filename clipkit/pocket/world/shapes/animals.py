"""Animals."""

from clipkit.pocket.world.shapes.builder import ACCENT, DARK, ORANGE, WHITE, Builder, shape
from clipkit.pocket.world.shapes.household import four_legs


def eyes(b: Builder, x, y, z, radius):
    """A pair of dark eyes at (x, ±y, z)."""
    for side in (1, -1):
        b.part("eye").ellipsoid((x, y * side, z), radius, paint=DARK)


@shape("dog", "tall dog", "sausage dog")
def dog(b: Builder, variant: int):
    leg, half = ((0.62, 0.68), (0.3, 0.95))[variant]
    four_legs(b, half - 0.2, 0.2, leg, 0.11)
    b.part("body").ellipsoid((0, 0, leg + 0.25), (half + 0.08, 0.33, 0.33))
    b.part("neck").rod((half - 0.25, 0, leg + 0.35), (half + 0.1, 0, leg + 0.75), 0.2)
    b.part("head").ellipsoid((half + 0.2, 0, leg + 0.85), (0.32, 0.27, 0.28))
    b.part("snout").ellipsoid((half + 0.52, 0, leg + 0.76), (0.26, 0.15, 0.14))
    b.part("nose").ellipsoid((half + 0.77, 0, leg + 0.8), 0.07, paint=DARK)
    for side in (1, -1):
        b.part("ear").ellipsoid(
            (half + 0.1, 0.28 * side, leg + 0.82), (0.14, 0.06, 0.28), (-12 * side, 0, 0), paint=ACCENT
        )
    eyes(b, half + 0.45, 0.15, leg + 0.97, 0.055)
    b.part("tail").rod((-half, 0, leg + 0.35), (-half - 0.35, 0, leg + 0.85), 0.08, 0.5)


@shape("giraffe", "tall giraffe", "young giraffe")
def giraffe(b: Builder, variant: int):
    neck = (1.3, 0.75)[variant]
    four_legs(b, 0.45, 0.18, 1.0, 0.085)
    b.part("body").ellipsoid((0, 0, 1.2), (0.68, 0.28, 0.32))
    b.part("neck").rod((0.45, 0, 1.25), (0.9, 0, 1.35 + neck), 0.18, 0.65)
    b.part("head").ellipsoid((1.05, 0, 1.4 + neck), (0.33, 0.15, 0.15), (0, 15, 0))
    for side in (1, -1):
        b.part("horn").rod((0.88, 0.08 * side, 1.5 + neck), (0.85, 0.1 * side, 1.72 + neck), 0.04, paint=DARK)
        b.part("ear").ellipsoid((0.8, 0.2 * side, 1.47 + neck), (0.05, 0.13, 0.06), paint=ACCENT)
    b.part("tail").rod((-0.62, 0, 1.25), (-0.8, 0, 0.8), 0.045, paint=ACCENT)


@shape("duck", "rubber duck", "swimming duck")
def duck(b: Builder, variant: int):
    long, head = ((0.72, 1.08), (0.95, 0.98))[variant]
    b.part("body").ellipsoid((0, 0, 0.45), (long, 0.5, 0.43))
    b.part("neck").rod((long - 0.25, 0, 0.55), (long - 0.15, 0, head), 0.22)
    b.part("head").ellipsoid((long - 0.12, 0, head + 0.05), (0.34, 0.32, 0.32))
    b.part("bill").ellipsoid((long + 0.3, 0, head - 0.03), (0.22, 0.16, 0.07), paint=ORANGE)
    eyes(b, long + 0.08, 0.2, head + 0.16, 0.065)
    b.part("tail").rod((-long + 0.2, 0, 0.55), (-long - 0.25, 0, 0.88), 0.22, 0.1)
    for side in (1, -1):
        b.part("wing").ellipsoid((-0.1, 0.45 * side, 0.52), (0.42, 0.1, 0.23), paint=ACCENT)


@shape("fish", "slim fish", "round fish")
def fish(b: Builder, variant: int):
    half, deep = ((0.95, 0.4), (0.78, 0.62))[variant]
    b.part("body").ellipsoid((0.1, 0, 0.8), (half, 0.24, deep))
    b.part("tail fin").box(
        (-half - 0.1, 0, 0.8), (0.45, 0.04, 0.3), (0, 90, 0), taper=(0.15, 1), paint=ACCENT
    )
    b.part("back fin").box((0.05, 0, 0.82 + deep), (0.42, 0.035, 0.18), taper=(0.45, 1), paint=ACCENT)
    for side in (1, -1):
        b.part("side fin").ellipsoid((0.2, 0.27 * side, 0.68), (0.2, 0.05, 0.12), (0, 25, 0), paint=ACCENT)
        b.part("eye").ellipsoid((half - 0.2, 0.14 * side, 0.92), 0.1, paint=WHITE)
        b.ellipsoid((half - 0.15, 0.19 * side, 0.93), 0.06, paint=DARK)
