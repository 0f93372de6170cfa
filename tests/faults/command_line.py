"""Faults of the person at the keyboard, and of what is installed."""

import subprocess
import sys
from pathlib import Path

from miniatures import register_tiny, write
from random_models import clip_weights

from faults.harness import Outcome, fault, refused

ROOT = Path(__file__).parents[2]
NOTHING = "Nothing: refused before anything runs."


@fault("command line", "clipkit embed --model ViT-B-32/opnai")
def unknown_model(folder):
    """A model that nobody knows."""
    return Outcome(refused("embed", "--model", "ViT-B-32/opnai", "--data", folder), NOTHING)


@fault("command line", "clipkit datasets show objektnet")
def unknown_data_set(folder):
    """A data set that nobody knows."""
    return Outcome(refused("datasets", "show", "objektnet"), NOTHING)


@fault("command line", "clipkit evaluate shape-bais")
def unknown_section(folder):
    """A section that nobody knows."""
    return Outcome(refused("evaluate", "shape-bais"), NOTHING)


def with_profile(folder: Path, text: str) -> str:
    """What `clipkit book` says of a profile with this text."""
    for name in ("_toc.yml", "_config.yml", "book"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "notebooks" / "profiles").mkdir(parents=True)
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        (folder / "notebooks" / path.name).symlink_to(path)
    (folder / "notebooks" / "profiles" / "mine.yml").write_text(text)
    said = refused("book", "--profile", "mine", "--source", folder)
    assert not (folder / "_build").exists()
    return said


@fault("command line", "A profile that gives the notebook natural-shifts a parameter metod")
def unknown_parameter(folder):
    """A notebook parameter that nobody knows."""
    return Outcome(with_profile(folder, "notebooks: {natural-shifts: {metod: theil-sen}}"), NOTHING)


@fault("command line", "A profile that gives the notebook natural-shifts a number for its method")
def wrong_type(folder):
    """A notebook parameter of the wrong type."""
    return Outcome(with_profile(folder, "notebooks: {natural-shifts: {method: 3}}"), NOTHING)


@fault("command line", "A path of images that is not there")
def no_path(folder):
    """A path with a slip."""
    weights = clip_weights(register_tiny())
    words = ("--model", register_tiny(), "--weights", weights, "--no-quickgelu", "--device", "cpu")
    return Outcome(refused("embed", *words, "--data", folder / "imagse"), NOTHING)


@fault("command line", "A file for the decisions in a folder that is not there")
def no_folder(folder):
    """An output that cannot be written."""
    write(folder / "images" / "a.png", 0)
    weights = clip_weights(register_tiny())
    words = (
        "--model",
        register_tiny(),
        "--weights",
        weights,
        "--no-quickgelu",
        "--device",
        "cpu",
        "--workers",
        0,
    )
    asked = (
        "--data",
        folder / "images",
        "--store",
        folder / "store",
        "--templates",
        1,
        "--classnames",
        "cue-conflict",
    )
    said = refused("classify", *words, *asked, "--predictions", folder / "absent" / "decisions.csv")
    return Outcome(said, "The decisions. The embeddings are stored, so the second try takes no tower.")


@fault("command line", "clipkit embed where only the metrics are installed")
def no_torch(folder):
    """A package that is not installed."""
    code = "import sys; sys.modules['torch'] = None; from clipkit.cli import main; main()"
    words = ["embed", "--model", "RN50/openai", "--data", str(folder)]
    end = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert end.returncode == 2 and "Traceback" not in end.stderr, end.stderr
    return Outcome(end.stderr, NOTHING)
