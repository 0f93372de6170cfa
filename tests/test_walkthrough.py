"""The walk-through of the book, from a checkpoint file to a card: its five commands, as a newcomer types them."""

import re
import shlex
import shutil

import numpy as np
import pytest
from miniatures import build
from PIL import Image
from random_models import clip_weights

from clipkit.cli import app


@pytest.fixture(scope="module")
def commands(root):
    text = (root / "book" / "walkthrough.md").read_text()
    return [shlex.split(c)[1:] for c in re.findall(r"```bash\n(clipkit .*)\n```", text)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the newcomer sits: a checkpoint, class folders, and benchmarks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLIPKIT_CACHE", str(tmp_path / "cache"))
    shutil.copy(clip_weights("ViT-B-32"), "mine.safetensors")
    build(tmp_path / "DATA", "coco", "flickr30k")
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "IMAGES" / name).mkdir(parents=True)
        for i in range(3):
            pixels = rng.integers(0, 255, (64, 64, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "IMAGES" / name / f"{i}.png")
    return tmp_path


def test_five_commands_lead_to_a_card(commands, folder, capsys):
    assert [words[0] for words in commands] == ["datasets", "embed", "classify", "evaluate", "card"]
    name, shown = None, []
    for words in commands:
        if words[0] == "card":
            words = ["card", name, *words[2:]]
        try:
            app(words, standalone_mode=False)
        except SystemExit as ended:
            assert not ended.code
        shown.append(capsys.readouterr().out)
        if words[0] == "evaluate":
            name = re.search(r"ViT-B-32/local:\w{8}", shown[-1])[0]
    assert "flickr30k: right, 5 images" in shown[0]
    assert len((folder / "predictions.csv").read_text().splitlines()) == 1 + 6
    page = (folder / "card.html").read_text()
    assert name in page and "recall@1" in page.lower()
