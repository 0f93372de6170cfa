"""`clipkit lmm` on a miniature of ImageNet-D, with a random LLaVA and a random tower, and numbers made anew."""

import json

import numpy as np
import open_clip
import pandas as pd
import pytest
from miniatures import build, register_tiny
from PIL import Image
from tiny_llava import save
from typer.testing import CliRunner

from clipkit.cli import lmm as command
from clipkit.datasets.benchmarks import open_benchmark
from clipkit.datasets.imagenet_d import NUISANCES, question
from clipkit.errors import BadInput, UnknownName
from clipkit.full.lmm_decisions import CONTROLS, PUBLISHED, Tower, questions_under
from clipkit.full.results import full_results, read_all
from clipkit.llava import load_llava
from clipkit.models.random import random_model
from clipkit.store import EmbeddingStore

QUICK = ("--workers", 0, "--json", "--device", "cpu")


@pytest.fixture(scope="module", autouse=True)
def short_answers():
    """Random weights seldom end an answer."""

    def load(*asked):
        lmm = load_llava(*asked)
        lmm.max_new_tokens = 4
        return lmm

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clipkit.full.lmm.load_llava", load)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """ImageNet-D with two questions of each nuisance, and a LLaVA of random weights in a file."""
    register_tiny()
    root = tmp_path_factory.mktemp("lmm")
    save("llava", root / "llava-tiny")
    build(root / "data", "imagenet-d")
    return root


def run(folder, *arguments):
    asked = ["--tower", "tiny-clip/random", "--data", folder / "data", "--store", folder / "store"]
    asked = [str(a) for a in (*asked, "--out", folder / "out", *QUICK, *arguments)]
    return CliRunner().invoke(command.app, asked, catch_exceptions=False)


@pytest.fixture(scope="module")
def rows(folder):
    done = run(folder, folder / "llava-tiny/random")
    assert done.exit_code == 0, done.output
    return pd.DataFrame(json.loads(done.stdout))


@pytest.fixture(scope="module")
def tower(folder):
    images = open_benchmark("imagenet-d", folder / "data").images
    return Tower(
        random_model("tiny-clip"), images, EmbeddingStore(folder / "store"), workers=0, progress=False
    )


def value(rows, metric, control=PUBLISHED, dataset="imagenet-d"):
    (found,) = rows[(rows.dataset == dataset) & (rows.subset == control) & (rows.metric == metric)].value
    return found


def test_every_control_is_asked_on_every_nuisance(rows):
    assert set(rows.dataset) == {"imagenet-d", *(f"imagenet-d/{n}" for n in NUISANCES)}
    assert set(rows.subset) == set(CONTROLS) and set(rows.model) == {"llava-tiny/random"}
    assert set(rows[rows.dataset == "imagenet-d"].n) == {6} and set(rows.n_expected) == {-1}


def test_llava_answers_the_likelier_of_the_published_names(folder, rows):
    lmm = load_llava(f"{folder}/llava-tiny/random")
    right = []
    for nuisance in NUISANCES:
        for k, wrong in enumerate(("bottle", "lamp")):
            image = Image.open(folder / f"data/ImageNet-D/{nuisance}/mug/{k}.png").convert("RGB")
            text = f"What is the main object in this image? Choose one of: coffee mug, {wrong}."
            (scores,) = lmm.score([image], [text], [("coffee mug", wrong)])
            right.append(scores[0] > scores[1])
    assert value(rows, "accuracy") == np.mean(right)


def test_clip_is_given_the_same_two_names_in_whatever_order(folder, rows):
    model = random_model("tiny-clip")
    tokens = open_clip.get_tokenizer("tiny-clip")(
        [f"a photo of a {n}" for n in ("coffee mug", "bottle", "lamp")]
    )
    texts = model.encode_text(tokens)
    texts = texts / texts.norm(dim=1, keepdim=True)
    right = []
    for nuisance in NUISANCES:
        for k in (0, 1):
            image = Image.open(folder / f"data/ImageNet-D/{nuisance}/mug/{k}.png").convert("RGB")
            cosines = (model.encode_image(model.preprocess(image)[None]) @ texts.T)[0]
            right.append(bool(cosines[0] > cosines[1 + k]))
    assert (
        value(rows, "accuracy, CLIP") == np.mean(right) == value(rows, "accuracy, CLIP", "release, shuffled")
    )
    lead = value(rows, "accuracy") - np.mean(right)
    assert value(rows, "lead over CLIP") == pytest.approx(lead)


def test_wrong_names_are_picked_as_the_control_says(tower):
    asked = [question(None, "Coffee mug", ("Coffee mug", "bottle"))] * 6
    assert sorted(tower.names) == ["bottle", "coffee mug", "lamp"]
    right = tower.names.index("coffee mug")
    for control, (picked_by, order, _) in CONTROLS.items():
        found = questions_under(control, asked, tower)
        wrong = [next(n for n in q.choices if n != "Coffee mug") for q in found]
        if picked_by == "release":
            assert set(wrong) == {"bottle"}
        else:
            assert not {"coffee mug", "Coffee mug"} & set(wrong)
        if picked_by == "own":
            others = tower.cosines.copy()
            others[:, right] = -1
            assert wrong == [tower.names[i] for i in others.argmax(1)]
            # Its own best wrong name beats the right one exactly where it is wrong among all names.
            answers = [tower.answer(i, q.choices) == "Coffee mug" for i, q in enumerate(found)]
            assert answers == (tower.cosines.argmax(1) == right).tolist()
        assert {q.choices[0] for q in found} == (
            {"Coffee mug"} if order == "right first" else {"Coffee mug", *wrong}
        )


def test_answers_of_random_weights_are_no_evidence(folder, rows):
    assert read_all(folder / "out").said["llava-tiny/random"]["kind"] == "random"
    with pytest.raises(BadInput, match=r"random weights \(llava-tiny/random\), which are no evidence"):
        full_results(folder / "out")


def test_what_is_done_is_passed_over_and_a_file_of_weights_has_a_name_of_its_own(folder, rows):
    files = {p: p.stat().st_mtime_ns for p in (folder / "out").rglob("*") if p.is_file()}
    again = pd.DataFrame(json.loads(run(folder, folder / "llava-tiny/random").stdout))
    assert again.equals(rows)
    assert files == {p: p.stat().st_mtime_ns for p in (folder / "out").rglob("*") if p.is_file()}
    run(folder, folder / "llava-tiny")
    said = read_all(folder / "out").said
    assert set(said) == {"llava-tiny", "llava-tiny/random"} and len(said["llava-tiny"]["weights"]) == 64
    assert said["llava-tiny"]["kind"] == "random", "its tower is"


def test_an_image_that_is_asked_about_and_lost_is_named_before_any_model_runs(folder, tmp_path):
    build(tmp_path / "data", "imagenet-d")
    (tmp_path / "data/ImageNet-D/texture/mug/1.png").unlink()
    with pytest.raises(BadInput, match=r"1 part not whole: texture/mug/1\.png \(asked about in texture\.csv"):
        run(tmp_path, "nowhere/llava")
    with pytest.raises(UnknownName, match="Did you mean ViT-B-32/openai"):
        run(folder, "nowhere/llava", "--tower", "ViT-B-32/openia")
