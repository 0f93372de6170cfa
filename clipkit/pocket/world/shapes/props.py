"""Things that only play a part: what blocks the view, and the plain solids that carry a texture alone."""

from clipkit.pocket.world.shapes.builder import ACCENT, DARK, SKIN, Builder, shape


@shape("person")
def person(b: Builder, variant: int):
    for side in (1, -1):
        b.part("leg").rod((0, 0.15 * side, 0), (0, 0.15 * side, 0.95), 0.14, paint=ACCENT)
        b.part("arm").rod((0, 0.38 * side, 1.62), (0.1, 0.52 * side, 0.95), 0.1)
        b.ellipsoid((0.1, 0.53 * side, 0.88), 0.11, paint=SKIN)
        b.part("shoe").ellipsoid((0.08, 0.15 * side, 0.06), (0.22, 0.13, 0.09), paint=DARK)
    b.part("torso").ellipsoid((0, 0, 1.35), (0.24, 0.36, 0.5))
    b.part("head").ellipsoid((0, 0, 2.05), (0.23, 0.22, 0.26), paint=SKIN)
    b.part("hair").ellipsoid((-0.05, 0, 2.15), (0.24, 0.24, 0.22), paint=(0.12, 0.06, 0.03))


@shape("crate")
def crate(b: Builder, variant: int):
    b.box((0, 0, 0.5), (0.45, 0.4, 0.5))


@shape("barrel")
def barrel(b: Builder, variant: int):
    b.cylinder((0, 0, 0.55), (0.42, 0.42, 0.55))
    for z in (0.2, 0.9):
        b.part("hoop").cylinder((0, 0, z), (0.44, 0.44, 0.06), paint=ACCENT)


@shape("ball")
def ball(b: Builder, variant: int):
    b.ellipsoid((0, 0, 0.9), 0.9)


@shape("cube")
def cube(b: Builder, variant: int):
    b.box((0, 0, 0.8), 0.8)


@shape("tube")
def tube(b: Builder, variant: int):
    b.cylinder((0, 0, 0.9), (0.7, 0.7, 0.9))


@shape("nothing")
def nothing(b: Builder, variant: int):
    """An empty place the size of an object."""
    b.room = [(x, y, z) for x in (-0.6, 0.6) for y in (-0.6, 0.6) for z in (0.0, 1.2)]
