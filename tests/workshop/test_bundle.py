"""The packed folder: complete, the same each time, and at work where there is no network and nothing else of ours."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from clipkit.errors import MissingData, UnknownName
from clipkit.workshop import data
from clipkit.workshop.bundle import ROOT, build, requirements
from clipkit.workshop.exercises import exercises, read
from clipkit.workshop.handout import find_browser, handout_html, write_handout
from clipkit.workshop.paths import paths

WAY = "ninety-minutes"
RUN = """
import runpy, socket, sys
def refuse(*arguments, **options):
    raise OSError("this test allows no network")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
import clipkit
print("clipkit is", clipkit.__file__)
sys.path.append({tests!r})
sys.argv = ["running.py", *{notebooks!r}]
runpy.run_path({running!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def packed(sources, tmp_path_factory):
    """The zip of the ninety minutes, and what was said of it."""
    out = tmp_path_factory.mktemp("packed") / "workshop.zip"
    return out, build(sources, WAY, out)


@pytest.fixture(scope="module")
def unpacked(packed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(packed[0]) as file:
        assert {name.split("/")[0] for name in file.namelist()} == {ROOT}
        file.extractall(folder)
    return folder / ROOT


def test_what_is_said_and_what_is_inside(packed, unpacked):
    out, said = packed
    assert re.fullmatch(rf"{out}: \d+ files, \d+ MB; unpack it and open START-HERE.md", said[0])
    assert {p.name for p in unpacked.iterdir()} >= {
        "START-HERE.md",
        "requirements.txt",
        "constraints.txt",
        "LICENSE",
    }
    weights = {p.stem for p in unpacked.rglob("*.safetensors")}
    assert weights == set(data.MODELS)
    assert len(list((unpacked / "cache" / "pocket").iterdir())) == len(data.SETS)
    assert out.stat().st_size < 40e6


def test_start_here_names_files_that_are_there(unpacked):
    text = (unpacked / "START-HERE.md").read_text()
    named = re.findall(r"`([\w-]+\.(?:ipynb|pdf|html))`", text)
    assert len(named) == len(paths()[WAY].notebooks) + 1
    assert [name for name in named if not (unpacked / name).is_file()] == []
    for file in re.findall(r"-[rc] (\S+\.txt)", text):
        assert (unpacked / file).is_file()


def test_the_ninety_minutes_run_offline(unpacked, sources, tmp_path):
    notebooks = [f"{name}.ipynb" for name in paths()[WAY].notebooks]
    running = Path(__file__).with_name("running.py")
    script = RUN.format(tests=str(running.parent), running=str(running), notebooks=notebooks)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLIPKIT", "PYTHON", "XDG"))}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=unpacked, env=kept | {"PYTHONPATH": str(unpacked), "HOME": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    assert f"clipkit is {unpacked}" in run.stdout
    n = sum(len(exercises(read(sources / name))) for name in notebooks)
    assert len(re.findall(r"→ Not yet\.", run.stdout)) == n
    assert "render" not in run.stderr  # the pictures came along
    assert list(tmp_path.rglob("*.npy")) == []


def test_the_copies_inside_hold_no_solution(unpacked):
    for path in unpacked.glob("*.ipynb"):
        tags = [t for cell in nbformat.read(path, 4).cells for t in cell.metadata.get("tags", [])]
        assert "stub" in tags and "solution" not in tags


def test_requirements_are_pinned_and_hold_what_the_notebooks_need(root):
    lines = requirements(root).splitlines()
    assert set(lines) <= set((root / "constraints.txt").read_text().splitlines())
    assert {"torch", "open_clip_torch", "numba", "ipywidgets", "jupyterlab"} <= {
        x.split("==")[0] for x in lines
    }


def test_the_same_bytes_each_time(sources, packed, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIPKIT_CHROMIUM", "/nowhere")  # a printed page carries its date
    for name in ("first", "second"):
        said = build(sources, WAY, tmp_path / name)
    assert "no Chromium was found" in said[1]
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    with zipfile.ZipFile(tmp_path / "first") as file:
        assert f"{ROOT}/handout.html" in file.namelist()


def test_refusals(tmp_path):
    with pytest.raises(UnknownName, match="unknown path 'ninety'"):
        build(tmp_path, "ninety", tmp_path / "x.zip")
    (tmp_path / "book" / "workshop").mkdir(parents=True)
    with pytest.raises(MissingData, match=r"no constraints\.txt"):
        build(tmp_path / "book" / "workshop", WAY, tmp_path / "x.zip")


@pytest.mark.browser
def test_the_handout_is_one_page(tmp_path):
    if not find_browser():
        pytest.skip("no Chromium to print with")
    file, said = write_handout(max(paths().values(), key=lambda way: len(way.parts)), tmp_path)
    assert file.name == "handout.pdf" and "one page" in said
    assert len(re.findall(rb"/Type\s*/Page\b", file.read_bytes())) == 1


def test_the_handout_says_what_the_path_is_for():
    way = paths()[WAY]
    page = handout_html(way)
    assert all(goal in page for goal in way.objectives)
    assert page.count("<h1>") == 1 and "http" not in page
