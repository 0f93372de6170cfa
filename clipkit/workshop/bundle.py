"""The workshop's folder, packed: notebooks, the package with the models it needs, rendered pictures, a handout.

Its notebooks lie beside the package `clipkit`, so that nothing but other people's packages is to be installed.
"""

import re
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import clipkit
from clipkit.errors import MissingData
from clipkit.pocket.sets import set_spec
from clipkit.pocket.training_sets import training_spec
from clipkit.pocket.zoo.files import weights_file
from clipkit.workshop import data
from clipkit.workshop.exercises import write_student_copies
from clipkit.workshop.handout import start_here, write_handout
from clipkit.workshop.paths import paths

ROOT = "clipkit-workshop"
POOL = 2_400  # pictures that the notebook on training renders
_PACKAGE = Path(clipkit.__file__).parent
_LEFT_OUT = re.compile(r"/__pycache__/|/pocket/(zoo|lmm)/(results|weights)/")


def build(sources: Path, name: str, out: Path) -> list[str]:
    """Pack the path called `name`; returns what there is to say. The pictures are rendered first, if need be.

    Raises UnknownName for another path, MissingData outside a clone of the project, BadInput for a malformed exercise.
    """
    path = paths()[name]
    project = sources.resolve().parents[1]
    if not (project / "constraints.txt").is_file():
        raise MissingData(f"no constraints.txt in {project}", "run this in a clone of the project")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        made = Path(folder)
        write_student_copies(sources, path, made)
        handout, how = write_handout(path, made)
        (made / "START-HERE.md").write_text(start_here(path, handout.name), encoding="utf-8")
        (made / "requirements.txt").write_text(requirements(project), encoding="utf-8")
        files = {p.name: p for p in sorted(made.iterdir())}
        files |= {"constraints.txt": project / "constraints.txt", "LICENSE": project / "LICENSE"}
        files |= dict(_package()) | dict(_rendered("train" in path.notebooks))
        temporary = out.with_name(f".{out.name}")
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed:
            for inside, file in files.items():
                # A fixed date: the same workshop gives the same bytes.
                packed.writestr(zipfile.ZipInfo(f"{ROOT}/{inside}"), file.read_bytes(), zipfile.ZIP_DEFLATED)
        temporary.replace(out)
    return [
        f"{out}: {len(files)} files, {out.stat().st_size / 1e6:.0f} MB; unpack it and open START-HERE.md",
        how,
    ]


def requirements(project: Path) -> str:
    """What pip is to install for the workshop, each at its pinned version; one a line."""
    declared = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = declared["optional-dependencies"]
    texts = [*declared["dependencies"], *extras["models"], *extras["workshop"]]
    wanted = {re.match(r"[\w.-]+", text)[0] for text in texts}
    pins = dict(
        line.split("==") for line in (project / "constraints.txt").read_text().splitlines() if "==" in line
    )
    return "".join(f"{name}=={pins[name]}\n" for name in sorted(wanted))


def _package() -> Iterator[tuple[str, Path]]:
    """The package without results, and with the weights of the workshop's models only."""
    for file in sorted(_PACKAGE.rglob("*")):
        inside = file.relative_to(_PACKAGE.parent).as_posix()
        if file.is_file() and not _LEFT_OUT.search(inside):
            yield inside, file
    for name in data.MODELS:
        file = weights_file(name)
        yield file.relative_to(_PACKAGE.parent).as_posix(), file


def _rendered(training: bool) -> Iterator[tuple[str, Path]]:
    from clipkit.pocket.dataset import load

    specs = [data.spec(name) for name in data.SETS]
    if training:
        specs += [training_spec("wild", POOL), set_spec("wild", "validation")]
    for spec in specs:
        for file in sorted(load(spec).folder.iterdir()):
            yield f"cache/pocket/{file.parent.name}/{file.name}", file
