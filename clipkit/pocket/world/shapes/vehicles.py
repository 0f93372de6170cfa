"""Things that drive, fly and float."""

import numpy as np

from clipkit.pocket.world.shapes.builder import ACCENT, DARK, GLASS, METAL, WOOD, YELLOW, Builder, shape


def wheels(b: Builder, x, y, radius, axles=2, width=0.12):
    """Pairs of wheels on `axles` axles between +x and −x, each wheel with a hub, a part of its own."""
    for at_x in np.linspace(x, -x, axles):
        for side in (1, -1):
            b.part("wheel").cylinder(
                (at_x, side * y, radius), (radius, radius, width), (90, 0, 0), paint=DARK
            )
            b.cylinder(
                (at_x, side * (y + 0.03), radius),
                (0.5 * radius, 0.5 * radius, width),
                (90, 0, 0),
                paint=METAL,
            )


@shape("car", "sedan", "van")
def car(b: Builder, variant: int):
    b.part("body").box((0, 0, 0.5), (1.3, 0.58, 0.24))
    if variant:
        b.part("cabin").box((-0.3, 0, 0.98), (0.98, 0.54, 0.28), taper=(0.85, 0.92), paint=GLASS)
        b.part("roof").box((-0.3, 0, 1.3), (0.86, 0.52, 0.07))
        for x in (-0.3, 0.3):
            b.box((x - 0.3, 0, 1.0), (0.05, 0.56, 0.28))
    else:
        b.part("cabin").box((-0.1, 0, 0.94), (0.78, 0.52, 0.22), taper=(0.62, 0.85), paint=GLASS)
        b.part("roof").box((-0.1, 0, 1.19), (0.52, 0.46, 0.05))
        b.box((-0.1, 0, 0.95), (0.05, 0.53, 0.22))
    for side in (1, -1):
        b.part("headlight").ellipsoid((1.3, 0.38 * side, 0.55), (0.06, 0.12, 0.1), paint=YELLOW)
    wheels(b, 0.82, 0.56, 0.28)


@shape("truck", "box truck", "tipper truck")
def truck(b: Builder, variant: int):
    if variant:
        b.part("cargo").box((-0.5, 0, 0.85), (0.95, 0.55, 0.35), taper=(1.15, 1.1))
        b.ellipsoid((-0.5, 0, 1.2), (0.9, 0.5, 0.3), paint=(0.3, 0.2, 0.12))
    else:
        b.part("cargo").box((-0.5, 0, 1.1), (1.1, 0.58, 0.7))
    b.part("cab").box((1.05, 0, 0.8), (0.4, 0.52, 0.48), paint=ACCENT)
    b.part("windscreen").box((1.2, 0, 1.02), (0.28, 0.46, 0.17), paint=GLASS)
    b.part("chassis").box((0, 0, 0.33), (1.4, 0.45, 0.1), paint=DARK)
    wheels(b, 1.05, 0.52, 0.3, axles=3)


@shape("bus", "city bus", "double decker bus")
def bus(b: Builder, variant: int):
    b.part("body").box((0, 0, 0.85), (1.55, 0.52, 0.58))
    if variant:
        b.part("upper deck").box((0, 0, 1.73), (1.55, 0.52, 0.3))
    for deck in range(1 + variant):
        for x in np.linspace(-1.2, 1.2, 5):
            b.part("window").box((x, 0, 1.08 + 0.65 * deck), (0.19, 0.54, 0.17), paint=GLASS)
        b.part("windscreen").box((1.53, 0, 1.06 + 0.67 * deck), (0.05, 0.44, 0.22), paint=GLASS)
    b.part("door").box((0.82, -0.02, 0.62), (0.13, 0.53, 0.3), paint=DARK)
    wheels(b, 1.0, 0.5, 0.28)


@shape("airplane", "jet airplane", "biplane")
def airplane(b: Builder, variant: int):
    b.part("fuselage").rod((1.0, 0, 0.75), (-1.4, 0, 0.85), 0.26, 0.45)
    b.ellipsoid((1.0, 0, 0.75), (0.45, 0.26, 0.26))
    for side in (1, -1):
        if variant:
            b.part("wing").box((0.35, 0.75 * side, 0.55), (0.3, 0.75, 0.04), paint=ACCENT)
            b.part("upper wing").box((0.35, 0.75 * side, 1.3), (0.3, 0.75, 0.04), paint=ACCENT)
            b.part("strut").rod((0.35, 1.1 * side, 0.55), (0.35, 1.1 * side, 1.3), 0.04, paint=WOOD)
        else:
            b.part("wing").box((-0.1, 0.8 * side, 0.72), (0.3, 0.85, 0.045), (0, 0, 22 * side), paint=ACCENT)
            b.part("engine").rod((-0.15, 0.75 * side, 0.57), (0.4, 0.75 * side, 0.57), 0.13, paint=METAL)
        b.part("tailplane").box((-1.3, 0.35 * side, 0.88), (0.18, 0.36, 0.035), paint=ACCENT)
    b.part("fin").box((-1.3, 0, 1.2), (0.24, 0.04, 0.36), taper=(0.6, 1), paint=ACCENT)
    b.part("cockpit").ellipsoid((0.85, 0, 0.95), (0.25, 0.17, 0.12), paint=GLASS)
    if variant:
        b.part("propeller").box((1.47, 0, 0.75), (0.03, 0.05, 0.55), (35, 0, 0), paint=DARK)


@shape("boat", "motor boat", "sailing boat")
def boat(b: Builder, variant: int):
    b.part("hull").box((-0.25, 0, 0.28), (0.95, 0.46, 0.28), (180, 0, 0), taper=(0.85, 0.55))
    b.part("bow").box((0.95, 0, 0.3), (0.46, 0.25, 0.26), (0, 90, 0), taper=(0.3, 0.1))
    if variant:
        b.part("mast").rod((0.15, 0, 0.4), (0.15, 0, 2.5), 0.05, paint=WOOD)
        b.part("sail").box((-0.45, 0, 1.5), (0.55, 0.03, 0.85), taper=(0.04, 1), paint=ACCENT)
        b.part("jib").box((0.55, 0, 1.25), (0.32, 0.03, 0.65), taper=(0.04, 1), paint=ACCENT)
    else:
        b.part("cabin").box((-0.25, 0, 0.8), (0.48, 0.34, 0.26), taper=(0.85, 0.9), paint=ACCENT)
        b.part("window").box((-0.25, 0, 0.85), (0.3, 0.35, 0.12), paint=GLASS)
        b.part("funnel").cylinder((-0.35, 0, 1.2), (0.15, 0.15, 0.25), paint=DARK)


@shape("rocket", "slim rocket", "stout rocket")
def rocket(b: Builder, variant: int):
    radius, half = ((0.34, 0.9), (0.55, 0.7))[variant]
    b.part("nozzle").cylinder((0, 0, 0.2), (0.8 * radius, 0.8 * radius, 0.2), taper=0.6, paint=DARK)
    b.part("body").cylinder((0, 0, 0.35 + half), (radius, radius, half))
    b.part("nose").cylinder((0, 0, 0.8 + 2 * half), (radius, radius, 0.45), taper=0.03, paint=ACCENT)
    for angle in (60, 180, 300):
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        b.part("fin").box(
            ((radius + 0.16) * c, (radius + 0.16) * s, 0.42),
            (0.26, 0.05, 0.42),
            (0, 0, angle),
            taper=(0.35, 1),
            paint=ACCENT,
        )
    b.part("window").ellipsoid((radius, 0, 0.35 + 1.4 * half), (0.07, 0.17, 0.17), paint=GLASS)
