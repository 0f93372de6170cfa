"""The recipes for contributors, followed to the letter in a fresh copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clipkit.pocket.store import cache_folder

STEP = re.compile(
    r"^```\{code-block\} \w+\n:caption: (?P<add>add to )?(?P<file>\S+)\n(?P<code>.*?)^```$"
    r"|^```bash\n(?P<command>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# What the last command of each recipe must show, besides ending well.
SHOWN = {
    "Add a metric": r"2 passed|1 passed",
    "Add a data set": r"A thousand classes, drawn faster",
    "Add a model": r"resnet-short",
    "Add a number to a section": r"wild 0\.\d+ 0\.0\d+ 1664\s+far-noise 0\.\d+ 0\.0\d+ 500",
    "Add a claim": r"Verdict\(id='N2', track='pocket', verdict='\w+",
    "Add a chapter": r"\d passed",
}


def recipes(root: Path) -> dict[str, str]:
    text = (root / "book" / "contributing.md").read_text()
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {title: body for title, body in zip(parts[1::2], parts[2::2], strict=True) if "Add" in title}


@pytest.fixture
def copy(root, tmp_path):
    """The files under version control, without the history."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0")[:-1]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        heavy = name.endswith((".safetensors", ".parquet"))
        (os.symlink if heavy else shutil.copyfile)(root / name, tmp_path / name)
    return tmp_path


def test_there_is_a_recipe_for_each_thing_that_people_add(root):
    assert list(recipes(root)) == list(SHOWN)


@pytest.mark.parametrize("title", SHOWN)
def test_a_recipe_works_as_it_stands(root, copy, title):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    cache = {"CLIPKIT_CACHE": str(cache_folder().parent), "TERM": "dumb", "COLUMNS": "120"}
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(copy)} | cache
    shown, steps = "", list(STEP.finditer(recipes(root)[title]))
    assert steps
    for step in steps:
        if step["command"]:
            run = subprocess.run(
                ["bash", "-euc", step["command"]], cwd=copy, env=environment, capture_output=True, text=True
            )
            shown = run.stdout
            assert run.returncode == 0, run.stderr + shown
        else:
            target = copy / step["file"]
            assert target.exists() == bool(step["add"]), f"{target} is there, or is not"
            with open(target, "a") as file:
                file.write(("\n" if step["add"] else "") + step["code"])
    assert re.search(SHOWN[title], shown), shown
    written = [str(copy / s["file"]) for s in steps if s["file"] and s["file"].endswith(".py")]
    if written:
        subprocess.run([sys.executable, "-m", "ruff", "check", *written], cwd=copy, check=True)
        subprocess.run([sys.executable, "-m", "ruff", "format", "--check", *written], cwd=copy, check=True)
