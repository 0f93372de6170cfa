"""pyproject, constraints and the conda environment say the same, and so does what is installed."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def lines(root):
    text = (root / "constraints.txt").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def pins(lines):
    return {canonicalize_name(name): pin for name, _, pin in (line.partition("==") for line in lines)}


def test_constraints_are_pins_alone(lines, pins):
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []
    assert len(pins) == len(lines)
    assert [name for name in pins if name.startswith(("nvidia-", "cuda-", "triton"))] == []


def test_every_dependency_is_pinned_within_its_range(project, pins):
    extras = project["optional-dependencies"]
    for text in [*project["dependencies"], *(text for extra in extras.values() for text in extra)]:
        wanted = Requirement(text)
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin is not None, f"{wanted.name} is not in constraints.txt"
        assert wanted.specifier.contains(pin), f"{pin} is outside {wanted}"


def test_what_is_installed_is_what_is_pinned(pins):
    different = {}
    for name, pin in pins.items():
        try:
            installed = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue  # needed on another platform, or by an extra that is not installed
        if installed != pin:
            different[name] = f"{installed}, pinned {pin}"
    assert different == {}


def test_every_pin_runs_on_each_python_that_is_promised(project, pins):
    """A pin that wants a later patch release would fail on a system's own Python, such as Debian's 3.11.2."""
    promised = SpecifierSet(project["requires-python"])
    pythons = [f"3.{minor}.{patch}" for minor in range(30) for patch in (0, 2, 99)]
    refused = {}
    for name in pins:
        try:
            wanted = SpecifierSet(metadata(name).get("Requires-Python", ""))
        except PackageNotFoundError:
            continue
        refused |= {f"{name} wants {wanted}": p for p in promised.filter(pythons) if p not in wanted}
    assert refused == {}


def test_conda_agrees_with_pyproject(root, project):
    environment = yaml.safe_load((root / "environment.yml").read_text())
    python = next(d for d in environment["dependencies"] if isinstance(d, str) and d.startswith("python"))
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(project["requires-python"])
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    makefile = (root / "Makefile").read_text()
    extras = re.search(r"^EXTRAS := (.+)$", makefile, re.MULTILINE)[1]
    assert pip == ["-c constraints.txt", f"-e .[{extras}]"]
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
