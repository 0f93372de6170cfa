"""Numbers as prose and tables quote them: with a true minus, and never minus zero."""


def number(value: float, digits: int = 2, sign: str = "") -> str:
    """`value` rounded to `digits` decimals; sign: "+" to write it before a positive number, too.

    >>> number(-0.126), number(-0.001), number(4.27, 1, "+")
    ('−0.13', '0.00', '+4.3')
    """
    return f"{value:{sign}z.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, as notes quote it.

    >>> signed(-0.126), signed(4.27, 1)
    ('−0.13', '+4.3')
    """
    return number(value, digits, "+")


def with_limits(
    value: float, low: float, high: float, digits: int = 2, sign: str = "", unit: str = ""
) -> str:
    """An estimate with the limits of its interval, all three written as `number` does; unit: what follows the first.

    >>> with_limits(1.234, -0.04, 2.5, 1, "+", " pp")
    '+1.2 pp [+0.0, +2.5]'
    """
    said, least, most = (number(v, digits, sign) for v in (value, low, high))
    return f"{said}{unit} [{least}, {most}]"


def p_text(p: float) -> str:
    """A p-value; below 1 in 10,000 only that, since no approximation of ours is good that far out.

    >>> p_text(0.0123), p_text(4.2e-47)
    ('p = 0.012', 'p < 0.0001')
    """
    return f"p = {p:.2g}" if p >= 1e-4 else "p < 0.0001"


def counted(n: float, thing: str) -> str:
    """A number of things.

    >>> counted(1, "run"), counted(3.0, "model")
    ('1 run', '3 models')
    """
    return f"{n:.0f} {thing}" if n == 1 else f"{n:.0f} {thing}s"
