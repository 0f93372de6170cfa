"""Check the parameters of a notebook before it runs.

papermill only warns about a parameter that no cell declares, and never looks at types, so a typing slip in
a profile would run for an hour and report the default's numbers. Here it ends the run at once.
"""

import ast
import logging
import re
from collections.abc import Mapping
from pathlib import Path

import papermill

from clipkit.errors import BadInput
from clipkit.registry import did_you_mean

QUOTED = re.compile(r'"([^"]+)"')
_SCALARS = {"bool": bool, "int": int, "str": str, "dict": dict, "list": list, "None": type(None)}


def declared(notebook: Path) -> dict[str, str]:
    """Name → annotation of each parameter that the cell tagged `parameters` declares.

    The annotation is the text in the cell, "None" where there is none. papermill reads one assignment a
    line and knows names, brackets and commas in an annotation, so write `Optional[int]`, not `int | None`.
    """
    return {name: facts["inferred_type_name"] for name, facts in inspected(notebook).items()}


def choices(help: str) -> list[str]:
    """The only values that a parameter may take: those in quotes after "one of" in its comment; none if all may do.

    >>> choices('line through the baselines: one of "huber", "theil-sen"')
    ['huber', 'theil-sen']
    >>> choices('a model, such as "resnet-wild-s0"')
    []
    """
    return QUOTED.findall(help.partition("one of ")[2])


def inspected(notebook: Path) -> dict[str, dict[str, str]]:
    """Name → what papermill reads of each parameter: `inferred_type_name`, `default` as text, `help` (its comment)."""
    logger = logging.getLogger("papermill")
    level, logger.level = logger.level, logging.ERROR  # a notebook without parameters is no reason to warn
    try:
        found = papermill.inspect_notebook(str(notebook))
    except ValueError as error:
        raise BadInput(f"notebook {notebook.stem}: {error}", "save it with the kernel python3") from None
    finally:
        logger.level = level
    return {
        name: facts | {"inferred_type_name": facts["inferred_type_name"].strip()}
        for name, facts in found.items()
    }


def fits(value: object, annotation: str) -> bool:
    """Whether `value` may stand where `annotation` is declared.

    Knows bool, int, float (an int will do), str, list, dict, list[T], dict[K, V] and Optional[T]; a bool is
    not an int. Raises BadInput for any other annotation.

    >>> fits(3, "float"), fits(True, "int"), fits(["a", 1], "list[str]"), fits(None, "Optional[int]")
    (True, False, False, True)
    """
    return _fits(value, ast.parse(annotation, mode="eval").body, annotation)


def _fits(value: object, node: ast.expr, annotation: str) -> bool:
    if isinstance(node, ast.Constant) and node.value is None:
        return value is None
    if isinstance(node, ast.Name) and node.id == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(node, ast.Name) and node.id in _SCALARS:
        return isinstance(value, _SCALARS[node.id]) and (node.id != "int" or not isinstance(value, bool))
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        match node.value.id, node.slice:
            case "Optional", item:
                return value is None or _fits(value, item, annotation)
            case "list", item:
                return isinstance(value, list) and all(_fits(v, item, annotation) for v in value)
            case "dict", ast.Tuple(elts=[key, item]):
                return isinstance(value, dict) and all(
                    _fits(k, key, annotation) and _fits(v, item, annotation) for k, v in value.items()
                )
    raise BadInput(
        f"the annotation {annotation!r} is not one that can be checked",
        "use bool, int, float, str, list[T], dict[K, V] or Optional[T]",
    )


def check(notebook: Path, parameters: Mapping[str, object]) -> None:
    """Raise BadInput unless `notebook` declares each name in `parameters`, and its type and choices allow the value."""
    known = inspected(notebook)
    for name, value in parameters.items():
        if name not in known:
            remedy = did_you_mean(name, known) if known else "its cell tagged `parameters` declares none"
            raise BadInput(f"notebook {notebook.stem} has no parameter {name!r}", remedy)
        annotation, allowed = known[name]["inferred_type_name"], choices(known[name]["help"])
        if annotation != "None" and not fits(value, annotation):
            raise BadInput(
                f"parameter {name!r} of notebook {notebook.stem} takes {annotation}, not {value!r}",
                "mend the profile or the parameters cell",
            )
        if allowed and value not in allowed:
            raise BadInput(
                f"parameter {name!r} of notebook {notebook.stem} cannot be {value!r}",
                did_you_mean(str(value), allowed),
            )
