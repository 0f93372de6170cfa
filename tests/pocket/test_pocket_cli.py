"""`clipkit pocket`, and `clipkit models` and `clipkit embed` on the pocket track, as typed into a shell."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from clipkit.cli import app
from clipkit.errors import BadInput, MissingData, UnknownName
from clipkit.models.weights import sha256_of
from clipkit.pocket.sets import SETS
from clipkit.pocket.zoo import evaluate, finetune, train
from clipkit.pocket.zoo.files import WEIGHTS, read_metadata
from clipkit.pocket.zoo.recipe import FinetuneRecipe, Recipe, shipped_recipes


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in an empty cache, with 30 images in the set "wild" and 2 × 2 in "view-pairs"."""
    for name, n in (("wild", 30), ("view-pairs", 2)):
        monkeypatch.setitem(SETS._items, name, replace(SETS[name], n=n, geometry=False, samples=1))
    monkeypatch.setenv("CLIPKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "120")

    def invoke(*arguments):
        result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return invoke


@pytest.mark.parametrize("command", ["sets", "render", "sheet", "recipes", "train", "show"])
def test_help_shows_an_example(run, command):
    assert f"clipkit pocket {command}" in run("pocket", command, "--help").partition("Example")[2]


def test_sets_says_what_is_rendered(run):
    run("pocket", "render", "wild", "--no-progress")
    run("pocket", "render", "wild", "--split", "validation", "--no-progress")
    rows = {row["name"]: row for row in json.loads(run("pocket", "sets", "--json"))}
    assert list(rows) == list(SETS)
    assert rows["wild"] == {
        "name": "wild",
        "task": "classification",
        "n": 30,
        "rendered": ["test", "validation"],
    }
    assert rows["factors"]["n"] == 17 * SETS["factors"].n and rows["factors"]["rendered"] == []
    text = run("pocket", "sets")
    assert f"{len(SETS)} sets" in text and "test, validation" in text


def test_render_says_for_each_set_where_it_lies(run, tmp_path):
    lines = run("pocket", "render", "wild", "view-pairs", "--cache", tmp_path, "--no-progress").splitlines()
    assert [line.partition(" in ")[0] for line in lines] == [
        "pocket:wild: 30 images",
        "pocket:view-pairs: 4 images",
    ]
    assert all((Path(line.partition(" in ")[2]) / "images.npy").is_file() for line in lines)


def test_without_a_name_all_are_rendered(run, tmp_path, monkeypatch):
    monkeypatch.setattr(SETS, "_items", {name: SETS[name] for name in ("wild", "view-pairs")})
    assert len(run("pocket", "render", "--cache", tmp_path, "--no-progress").splitlines()) == 2


@pytest.mark.parametrize(
    "arguments, error, text",
    [
        (("render", "wild", "wlid"), UnknownName, "unknown pocket set 'wlid'\n  -> Did you mean wild"),
        (("render", "wild", "--split", "tset"), BadInput, "split 'tset' of pocket set 'wild'"),
        (("sheet", "sketchy", "--out", "a.png"), UnknownName, "Did you mean sketch"),
        (("sheet", "wild", "--out", "a.jpg"), BadInput, "cannot draw a.jpg\n  -> end its name in .png, .pdf"),
        (("train", "resnet-wlid", "--out", "x"), BadInput, "no recipe 'resnet-wlid'\n  -> Did you mean resn"),
        (("show", "resnet-wlid-s0"), BadInput, "no recipe 'resnet-wlid'\n  -> Did you mean resnet-wild"),
        (("show", "resnet-wild"), BadInput, "no name of a pocket model\n  -> write RECIPE-sSEED"),
        (("show", "vit-wild-s77"), MissingData, "clipkit pocket train vit-wild --seed 77"),
    ],
)
def test_a_mistake_is_told_before_anything_is_rendered(run, tmp_path, arguments, error, text):
    with pytest.raises(error, match=text):
        run("pocket", *arguments)
    assert not (tmp_path / "cache").exists()


def test_a_sheet_is_as_large_as_its_images_are_many(run, tmp_path):
    sizes = []
    for rows, columns in ((2, 3), (1, 6), (10, 6)):
        out = tmp_path / "new folder" / f"{rows}-{columns}.png"
        said = run("pocket", "sheet", "wild", "--out", out, "--rows", rows, "--columns", columns)
        assert said == f"{out}\n"
        sizes.append(Image.open(out).size)
    assert sizes[1][0] == sizes[2][0] == 2 * sizes[0][0]
    # Thirty images fill five rows of six, however many were asked for.
    assert 4 * sizes[1][1] < sizes[2][1] < 5 * sizes[1][1]


def test_recipes_lists_every_shipped_recipe_and_what_of_it_is_shipped(run):
    rows = {row["name"]: row for row in json.loads(run("pocket", "recipes", "--json"))}
    assert list(rows) == [recipe.name for recipe in shipped_recipes()]
    base, tuned = rows["resnet-wild"], rows["lora-wild"]
    files = [f for f in WEIGHTS.glob("resnet-wild-s*.safetensors") if f.stem[13:].isdecimal()]
    assert base["shipped"] == len(files) > 0
    assert base["mb"] == sum(f.stat().st_size for f in files) / 1e6
    assert (base["kind"], base["model"], base["parent"]) == ("contrastive", "pocket-resnet", "")
    assert (tuned["kind"], tuned["model"], tuned["parent"]) == ("lora", "", "resnet-wild")
    assert f"{len(rows)} recipes" in run("pocket", "recipes")


@pytest.mark.parametrize(
    "name, kind, module", [("resnet-wild", Recipe, train), ("lora-wild", FinetuneRecipe, finetune)]
)
def test_train_hands_the_recipe_to_its_trainer(run, tmp_path, monkeypatch, name, kind, module):
    calls = []
    for trainer in (train, finetune):
        monkeypatch.setattr(
            trainer, "run", lambda *given, by=trainer: calls.append((by, *given)) or given[1] / "weights"
        )
    assert run("pocket", "train", name, "--out", tmp_path, "--seed", 3) == f"{tmp_path / 'weights'}\n"
    ((by, recipe, out, seed),) = calls
    assert by is module and isinstance(recipe, kind) and recipe.name == name
    assert (out, seed) == (tmp_path, 3)


def test_numbers_measured_anew_are_compared_with_the_shipped(run, tmp_path, monkeypatch):
    def measure(names, store, out, split, jobs):
        (out / split).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(evaluate.RESULTS / split / f"{name}.parquet", out / split)
            yield name, True

    monkeypatch.setattr(evaluate, "evaluate", measure)
    text = run("pocket", "evaluate", "resnet-wild-s0", "vit-wild-s0", "--out", tmp_path)
    numbers = sum(
        pq.read_metadata(evaluate.RESULTS / "test" / f"{name}.parquet").num_rows
        for name in ("resnet-wild-s0", "vit-wild-s0")
    )
    *_, everything = (line for line in text.splitlines() if "│" in line)
    assert everything.replace(",", "").strip("│ ").split() == [
        "all", "│", str(numbers), "│", str(numbers), "│", "0", "│", "0", "│", "0",
    ]  # fmt: skip


def test_show_tells_recipe_curve_and_checksum(run):
    file = WEIGHTS / "resnet-wild-s0.safetensors"
    found = json.loads(run("pocket", "show", "resnet-wild-s0", "--json"))
    assert found["sha256"] == sha256_of(file) and found["bytes"] == file.stat().st_size
    assert found["recipe"] == json.loads(read_metadata(file)["recipe"])
    assert found["curve"]["columns"] == ["samples", "loss", "wild_validation_accuracy"]
    text = run("pocket", "show", "resnet-wild-s0")
    samples, _, accuracy = found["curve"]["rows"][-1]
    assert f"{samples:,}" in text and f"{accuracy:.3g}" in text
    assert found["sha256"] in text and "recipe.data.distribution" in text


def test_show_of_an_average_names_what_is_averaged(run):
    found = json.loads(run("pocket", "show", "wise-studio-s1", "--json"))
    assert found["file"] == "none: averaged from resnet-wild-s1 and cross-entropy-studio-s1"
    assert found["recipe"]["method"] == "wise" and "wise-studio-s1" in run("pocket", "show", "wise-studio-s1")


def test_models_are_listed_by_track(run):
    def names(*options):
        return [card["name"] for card in json.loads(run("models", "list", "--json", *options))]

    full, pocket = names("--track", "full"), names("--track", "pocket")
    assert names() == full and {"resnet-wild-s0", "vit-wild-s0"} <= set(pocket)
    assert (
        len(pocket) >= 30 and not set(full) & set(pocket) and set(names("--track", "all")) == {*full, *pocket}
    )
    assert names("--track", "pocket", "--architecture", "pocket-vit", "--source", "wild", "--loss", "softmax")
    with pytest.raises(UnknownName, match="no model has source 'WIT'"):
        names("--track", "pocket", "--source", "WIT")
    with pytest.raises(UnknownName, match="unknown track 'poket'\n  -> Did you mean pocket"):
        names("--track", "poket")
    table = run("models", "list", "--track", "pocket")
    assert all(name in table for name in pocket) and "0.024" in table
    assert "pocket-vit" in run("models", "show", "vit-wild-s0")


def test_a_pocket_model_embeds_a_pocket_set(run, tmp_path):
    command = ("embed", "--model", "resnet-wild-s0", "--data", "pocket:wild", "--store", tmp_path / "store")
    first = json.loads(run(*command, "--workers", 0, "--json"))
    assert (first["n_expected"], first["n_seen"], first["images_embedded"]) == (30, 30, 30)
    assert "30 of 30 images: 0 embedded now, 30 before" in run(*command, "--workers", 0)
