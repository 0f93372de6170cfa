"""`clipkit embed`, `clipkit classify` and `clipkit models`, as typed into a shell."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from random_models import clip_weights, timm_weights
from typer.testing import CliRunner

from clipkit.cli import app
from clipkit.errors import BadInput, UnknownName
from clipkit.models.weights import sha256_of
from clipkit.predict import match_labels
from clipkit.prompts import classnames, short_hash, templates

SMALL = "ViT-S-32"


def run(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def data(shared, tmp_path):
    """Twelve cue-conflict stimuli of three classes."""
    source = shared / "images/rgeirhos/texture-vs-shape/style-transfer-preprocessed-512"
    for name in ("bear", "dog", "truck"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for path in sorted((source / name).iterdir())[:4]:
            (tmp_path / "data" / name / path.name).symlink_to(path)
    return tmp_path / "data"


@pytest.fixture
def common(data, tmp_path):
    return (
        "--weights",
        clip_weights(SMALL),
        "--no-quickgelu",
        "--data",
        data,
        "--store",
        tmp_path / "store",
        "--workers",
        0,
    )


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_embed_reports_what_ran_and_runs_it_once(kind, common, tmp_path):
    if kind == "memory":
        common = (*common, "--store", f"memory:/{tmp_path}")
    first = json.loads(run("embed", "--model", SMALL, *common, "--n-expected", 12, "--json"))
    again = json.loads(run("embed", "--model", SMALL, *common, "--json"))
    assert (first["n_seen"], first["images_embedded"], again["images_embedded"]) == (12, 12, 0)
    told = run("embed", "--model", SMALL, *common)
    assert "12 of 12 images: 0 embedded now, 12 before" in told and first["folder"] in told
    assert first["folder"].startswith(str(tmp_path) if kind == "folder" else "memory://")
    assert (tmp_path / "store").exists() == (kind == "folder")


def test_classify_gives_a_result_row_and_predictions(common, tmp_path):
    out = tmp_path / "out.csv"
    chosen = ("--classnames", "cue-conflict", "--templates", 5, "--predictions", out)
    (row,) = json.loads(run("classify", "--model", SMALL, *common, *chosen, "--json"))
    assert row["model"] == f"{SMALL}/local:{sha256_of(clip_weights(SMALL))[:8]}" and row["track"] == "full"
    assert (row["metric"], row["n"], row["n_expected"], row["n_seen"]) == ("accuracy", 12, 12, 12)
    assert row["templates_hash"] == short_hash(templates("5"))
    assert row["classnames_hash"] == short_hash(classnames("cue-conflict"))
    assert row["logit_scale"] == pytest.approx(1 / 0.07, rel=1e-5) and row["interval_method"] == "wilson"

    decided = list(csv.DictReader(out.open()))
    assert list(decided[0]) == ["file_name", "predicted_class", "predicted_probability"]
    names = classnames("cue-conflict")
    right = sum(d["file_name"].startswith(names[int(d["predicted_class"])]) for d in decided)
    assert len(decided) == 12 and row["value"] == right / 12
    assert row["low"] - 1e-9 <= row["value"] <= row["high"]
    assert all(1 / 16 < float(d["predicted_probability"]) < 1 for d in decided)


def test_another_prompt_set_does_not_run_the_image_tower_again(common):
    for number in (1, 5):
        run("classify", "--model", SMALL, *common, "--classnames", "cue-conflict", "--templates", number)
    assert json.loads(run("embed", "--model", SMALL, *common, "--json"))["images_embedded"] == 0


def test_a_classifier_uses_its_own_head(data, tmp_path):
    options = (
        "--weights",
        timm_weights("resnet18"),
        "--data",
        data,
        "--store",
        tmp_path / "store",
        "--workers",
        0,
    )
    out = tmp_path / "out.csv"
    text = run("classify", "--model", "timm/resnet18", *options, "--predictions", out)
    assert "12 images classified; accuracy unknown" in text
    assert all(0 <= int(row["predicted_class"]) < 1000 for row in csv.DictReader(out.open()))


def test_a_head_of_another_width_than_the_class_names_is_refused(data, tmp_path):
    options = (
        "--weights",
        timm_weights("resnet18"),
        "--data",
        data,
        "--store",
        tmp_path / "store",
        "--workers",
        0,
    )
    with pytest.raises(BadInput, match="1000 logits, but 16 classes are named"):
        run("classify", "--model", "timm/resnet18", *options, "--classnames", "cue-conflict")


@pytest.mark.parametrize(
    ("labels", "folders", "expected"),
    [
        ([0, 1], ("n01440764", "n01443537"), [0, 1]),
        ([0, 1, -1], ("n15075141", "n01440764"), [999, 0, -1]),
        ([0, 0], ("Tench",), [0, 0]),
        ([5, 999], (), [5, 999]),
        ([5, 1000], (), None),
        ([0, 1], ("n01440764", "spam"), None),
        ([-1, -1], (), None),
    ],
)
def test_labels_are_matched_by_rule_or_not_at_all(labels, folders, expected):
    found = match_labels(np.array(labels), folders, classnames("imagenet"))
    assert (None if found is None else found.tolist()) == expected


def test_models_are_listed_by_each_of_the_six_factors():
    def names(*options):
        return {card["name"] for card in json.loads(run("models", "list", "--json", *options))}

    everything = names()
    assert len(everything) == 370
    for option in (
        ("--architecture", "ViT-B-32"),
        ("--tower", "CNN"),
        ("--source", "LAION-2B"),
        ("--min-pairs", 3000),
        ("--max-pairs", 20),
        ("--finetuning", "in1k"),
        ("--loss", "sigmoid"),
        ("--prompts",),
    ):
        assert set() < names(*option) < everything
    assert names("--prompts") | names("--no-prompts") == everything
    assert names("--source", "WIT", "--finetuning", "in1k") <= names("--source", "WIT") & names(
        "--finetuning", "in1k"
    )
    assert len(names("--pool", "core")) == 85


def test_a_value_no_model_has_is_a_mistake():
    with pytest.raises(UnknownName, match="no model has source 'LAION2B'\n  -> Did you mean LAION-2B"):
        run("models", "list", "--source", "LAION2B")


def test_show_prints_the_card():
    assert json.loads(run("models", "show", "ViT-B-32:openai", "--json"))["source"] == "WIT"
    assert "training_pairs   400.0" in run("models", "show", "ViT-B-32/openai")


def test_help_has_examples_and_does_not_import_torch():
    for command in ("embed", "classify"):
        assert f"clipkit {command} --model" in run(command, "--help")
    code = "import sys; from clipkit.cli import app; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_mistake_ends_with_status_2_and_no_traceback(tmp_path):
    command = [
        sys.executable,
        "-c",
        "from clipkit.cli import main; main()",
        "embed",
        "--model",
        "ViT-B-32/opnai",
        "--data",
        str(tmp_path),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2 and "Did you mean ViT-B-32/openai" in result.stderr
    assert "Traceback" not in result.stderr
