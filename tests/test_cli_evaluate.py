"""`clipkit evaluate`, as typed into a shell."""

import json

import pytest
from miniatures import build, register_tiny
from random_models import clip_weights
from typer.testing import CliRunner

from clipkit.cli import evaluate
from clipkit.errors import BadInput, ClipkitError, MissingData, UnknownName
from clipkit.models.weights import sha256_of
from clipkit.sections.pocket.results import zoo_results

SHIPPED = "resnet-wild-s0"


def run(*arguments):
    result = CliRunner().invoke(evaluate.app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return build(tmp_path_factory.mktemp("data"), "coco", "flickr30k")


@pytest.fixture
def full(data, tmp_path):
    register_tiny()
    return (
        *("--profile", "full", "--data", data, "--store", tmp_path / "store", "--out", tmp_path / "out"),
        *("--workers", 0, "--json"),
    )


def test_pocket_prints_the_shipped_rows():
    rows = json.loads(run("shape-bias", "--models", SHIPPED, "--json"))
    table = zoo_results()
    assert len(rows) == len(table.rows(model=SHIPPED, section="shape bias")) > 0
    assert {(r["model"], r["track"], r["section"]) for r in rows} == {(SHIPPED, "pocket", "shape bias")}
    asked = {"dataset": "cue-conflict-neutral", "metric": "cue_accuracy", "subset": "all classes"}
    (found,) = [r for r in rows if r | asked | {"subset": "all classes, prompts 80"} == r]
    assert found["value"] == table.get(SHIPPED, section="shape bias", prompts="80", **asked).value
    assert found["low"] <= found["value"] <= found["high"]
    assert len(json.loads(run("all", "--models", SHIPPED, "--json"))) == len(table.rows(model=SHIPPED))


def test_a_table_for_people_has_the_same_numbers():
    text = run("retrieval", "--models", SHIPPED)
    value = (
        zoo_results()
        .get(SHIPPED, section="retrieval", dataset="retrieval", subset="both", metric="recall@1")
        .value
    )
    assert f"{SHIPPED}, retrieval" in text and f"{value:.4f}" in text


def test_full_measures_once_and_goes_on(full, tmp_path):
    first = json.loads(run("retrieval", "--models", "tiny-clip/random", *full))
    files = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    assert tmp_path / "out/measured/retrieval/tiny-clip--random.parquet" in files
    again = json.loads(run("retrieval", "--models", "tiny-clip/random", *full))
    assert again == first and {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == files
    assert {r["dataset"] for r in first} == {"flickr30k", "coco"} and {r["track"] for r in first} == {"full"}
    assert {r["n"] for r in first if r["dataset"] == "coco"} == {6}


def test_3d_correspondence_by_its_title_until_a_depth_map_is_lost(tmp_path):
    register_tiny()
    root = build(tmp_path / "data", "navi", "scannet-pairs", "spair-71k")
    asked = [
        "--profile",
        "full",
        "--models",
        "tiny-clip/random",
        "--data",
        root,
        "--store",
        tmp_path / "store",
    ]
    asked += ["--workers", 0, "--n-expected", "scannet-pairs=2", "--json"]
    rows = json.loads(run("3D correspondence", *asked, "--out", tmp_path / "out"))
    headlines = {
        (r["dataset"], r["metric"], r["n"]) for r in rows if r["subset"] == "all" and "," not in r["metric"]
    }
    assert headlines >= {
        ("navi", "recall@0.02 m", 2), ("scannet-pairs", "recall@10 px", 2), ("spair-71k", "pck@0.1", 4),
        ("all sets", "recall", 8),
    }  # fmt: skip
    (root / "navi_v1/duck/wild_set/depth/002.png").unlink()
    with pytest.raises(BadInput, match=r"navi in .*: 1 part not whole: duck/002 \(no depth map\)"):
        run("3d-correspondence", *asked, "--out", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_weights_from_a_file_are_named_by_their_sum(full):
    weights = clip_weights("tiny-clip")
    asked = ("--models", "tiny-clip", "--weights", weights, "--no-quickgelu")
    rows = json.loads(run("retrieval", *asked, *full))
    assert {r["model"] for r in rows} == {f"tiny-clip/local:{sha256_of(weights)[:8]}"}


@pytest.mark.parametrize(
    "arguments, error, text",
    [
        (("shape-bais",), UnknownName, "unknown section 'shape-bais'\n  -> Did you mean shape-bias"),
        (("all", "--models", "resnet-wild-s99"), MissingData, "no numbers of 'resnet-wild-s99': Did you"),
        (("all", "--profile", "full"), BadInput, "needs --models and --data"),
        (
            ("all", "--profile", "full", "--models", "a,b", "--data", ".", "--weights", "x.safetensors"),
            BadInput,
            "--weights x.safetensors for 2 models",
        ),
        (
            ("retrieval", "--profile", "full", "--models", "RN50/openai", "--data", ".", "--n-expected", "coco"),
            BadInput,
            "--n-expected 'coco' is not NAME=NUMBER",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_anything_runs(arguments, error, text):
    with pytest.raises(error, match=text):
        run(*arguments)


def test_a_truncated_benchmark_is_refused_before_the_model_is_loaded(full, data, tmp_path):
    asked = ("--models", "RN50/openai", "--n-expected", "flickr30k=1000")
    with pytest.raises(ClipkitError, match="flickr30k in .*: 5 images found, 1,000 expected"):
        run("retrieval", *asked, *full)
    assert not (tmp_path / "store").exists()


def test_help_shows_examples():
    text = run("--help")
    assert "clipkit evaluate all --profile full" in text and "clipkit evaluate shape-bias" in text
