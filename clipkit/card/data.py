"""A card as plain data, for JSON: numbers that are not defined become null."""

from collections.abc import Sequence

from clipkit.card.numbers import Difference, Line, RobustnessCard, factors


def card_data(card: RobustnessCard) -> dict:
    """A card's facts and numbers, without the draws."""
    return {
        "model": card.model.name,
        "track": card.model.track,
        "factors": factors(card.model),
        "numbers": [_line(line) for line in card.lines],
        "missing": card.missing,
        "inapplicable": list(card.inapplicable),
        **{key: card.said.get(key) for key in ("weights", "code", "git_commit", "versions", "data")},
    }


def comparison_data(a: RobustnessCard, b: RobustnessCard, differences: Sequence[Difference]) -> dict:
    """Both cards, and A − B on each headline."""
    found = [
        d.headline._asdict()
        | {"a": d.a.value, "b": d.b.value}
        | {key: getattr(d, key) for key in ("effect", "low", "high", "p", "surely")}
        for d in differences
    ]
    return {"a": card_data(a), "b": card_data(b), "differences": found}


def _line(line: Line) -> dict:
    place = {"percentile": line.percentile if len(line.others) else None, "n_others": len(line.others)}
    return (
        line.headline._asdict()
        | {key: getattr(line, key) for key in ("value", "low", "high", "n", "asked")}
        | place
    )
