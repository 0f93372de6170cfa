"""A profile: which parameters each notebook gets."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from clipkit.book import parameters
from clipkit.errors import BadInput, UnknownName
from clipkit.registry import did_you_mean


def load(folder: Path, name: str, notebooks: Sequence[Path]) -> dict[str, dict]:
    """Notebook stem → parameters, as `folder/profiles/{name}.yml` sets them; every one of them checked.

    The file has two keys. `common` holds parameters for every notebook that declares them; `notebooks` holds
    parameters for one notebook by its stem, and these win. Raises UnknownName for a profile that does not
    exist, BadInput for a notebook or a parameter that does not exist (naming near misses) and for a value of
    the wrong type.
    """
    path = folder / "profiles" / f"{name}.yml"
    if not path.is_file():
        known = [p.stem for p in path.parent.glob("*.yml")]
        raise UnknownName(f"unknown profile {name!r}", did_you_mean(name, known))
    try:
        text = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        raise BadInput(
            f"profile {path.name} is no YAML: {error}", "mend it; full.yml is an example"
        ) from None
    if not isinstance(text, dict) or set(text) - {"common", "notebooks"}:
        raise BadInput(f"profile {path.name} may hold only the keys `common` and `notebooks`")
    common, own = text.get("common") or {}, text.get("notebooks") or {}

    by_stem = {notebook.stem: notebook for notebook in notebooks}
    for stem in own:
        if stem not in by_stem:
            problem = f"profile {path.name} names {stem!r}, which is no notebook of the book"
            raise BadInput(problem, did_you_mean(stem, by_stem))
    declared = {stem: parameters.declared(notebook) for stem, notebook in by_stem.items()}
    for key in common:
        if not any(key in known for known in declared.values()):
            every = {parameter for known in declared.values() for parameter in known}
            remedy = did_you_mean(key, every) if every else "no notebook declares any parameter"
            raise BadInput(f"no notebook has the common parameter {key!r}", remedy)

    chosen = {}
    for stem, notebook in by_stem.items():
        chosen[stem] = {k: v for k, v in common.items() if k in declared[stem]} | (own.get(stem) or {})
        parameters.check(notebook, chosen[stem])
    return chosen
