"""Plans of sweeps, worked out by hand."""

import json
import subprocess
import sys

import pytest
from miniatures import build
from typer.testing import CliRunner

from clipkit.cli import sweep as command
from clipkit.datasets.benchmarks import DATASETS
from clipkit.errors import BadInput, UnknownName
from clipkit.models import card, cards
from clipkit.sweep import full_cost
from clipkit.sweep.plan import BY_GMACS, MEASURED, Cost, Total, plan, total
from clipkit.sweep.towers import count_tower, tower
from clipkit.sweep.tracks import FullTrack, PocketTrack, choose


@pytest.fixture
def full(tmp_path):
    return FullTrack(store=tmp_path, out=tmp_path)


@pytest.fixture
def known_speed(monkeypatch):
    """One second for a billion multiplications in convolutions, two for others; decoding costs nothing."""
    monkeypatch.setattr(full_cost, "seconds_per_gmac", lambda device, precision: (1.0, 2.0))
    monkeypatch.setattr(full_cost, "seconds_to_decode", lambda: 0.0)


COSTS = {"small": Cost(40, 0.5, MEASURED), "large": Cost(80, 2.0, BY_GMACS)}


def test_a_plan_by_hand():
    tasks = plan(["small", "large"], {"few": 100, "many": 40_000}, lambda model, _: COSTS[model])
    assert [(t.model, t.dataset, t.start, t.stop, t.bytes, t.seconds) for t in tasks] == [
        ("large", "many", 0, 16_384, 1_310_720, 32_768.0),
        ("large", "many", 16_384, 32_768, 1_310_720, 32_768.0),
        ("large", "many", 32_768, 40_000, 578_560, 14_464.0),
        ("large", "few", 0, 100, 8_000, 200.0),
        ("small", "many", 0, 16_384, 655_360, 8_192.0),
        ("small", "many", 16_384, 32_768, 655_360, 8_192.0),
        ("small", "many", 32_768, 40_000, 289_280, 3_616.0),
        ("small", "few", 0, 100, 4_000, 50.0),
    ]
    assert total(tasks[:4]) == Total(4, 40_100, 3_208_000, 80_200.0, BY_GMACS)
    assert total(tasks).how == "" and total(tasks).tasks == 8


def test_sets_of_pairs_are_never_split():
    tasks = plan(["small"], {"pairs": 40_000}, lambda model, _: COSTS[model], whole=["pairs"])
    assert [(t.start, t.stop) for t in tasks] == [(0, 40_000)]


@pytest.mark.parametrize(
    "names, kinds",
    [
        (["zero_shot"], {"zero_shot": 196}),
        (["core"], {"zero_shot": 85}),
        (["finetuned", "baseline"], {"finetuned": 47, "baseline": 127}),
        (["all"], {"zero_shot": 196, "finetuned": 47, "baseline": 127}),
        (["RN50/*", "RN50:openai"], {"zero_shot": 3}),
    ],
)
def test_models_are_chosen_by_kind_pattern_or_name(names, kinds):
    chosen = choose(names, "full")
    assert {kind: sum(c.kind == kind for c in chosen) for kind in kinds} == kinds
    assert len(chosen) == sum(kinds.values())


def test_an_unknown_model_gets_its_near_misses():
    with pytest.raises(
        UnknownName, match="no full model is called 'RN50/openia'\n  -> Did you mean RN50/openai"
    ):
        choose(["RN50/openia"], "full")
    with pytest.raises(UnknownName, match="no pocket model is called 'RN50/openai'"):
        choose(["RN50/openai"], "pocket")


def test_every_model_of_the_lists_has_a_tower_in_the_table():
    for c in choose(["all"], "full"):
        assert tower(c).gmacs > 0 and tower(c).width > 0


def test_multiplications_of_a_vision_transformer_by_hand():
    """Twelve blocks of 12 d² for each of 50 tokens and 2 t² d for attention, then the projection."""
    t, d = 50, 768
    blocks = 12 * (12 * d * d * t + 2 * t * t * d) + d * 512
    found = tower(card("ViT-B-32/openai"))
    assert found.other == pytest.approx(blocks / 1e9, abs=1e-4)
    assert found.convolution == pytest.approx(49 * 3 * 32**2 * d / 1e9, abs=1e-4)
    assert (found.side, found.width, found.stride, found.map_width) == (224, 512, 32, 768)


@pytest.mark.parametrize(
    "name", ["RN50/openai", "resnet50.tv2_in1k", "vit_base_patch32_clip_224.openai_ft_in1k"]
)
def test_the_table_is_what_the_towers_give(name):
    assert count_tower(card(name)) == tower(card(name))


def test_large_towers_are_predicted_by_their_multiplications(known_speed):
    large = card("ViT-L-14/openai")
    cost = full_cost.full_costs([large], "cpu", "fp32", workers=0)
    t = tower(large)
    assert t.gmacs > full_cost.SMALL
    assert cost(large.name, "sun") == Cost(768 * 4, t.convolution + 2 * t.other, BY_GMACS)
    # 37 × 37 cells of 1,024 numbers in half precision, of (512 / 224)² times the pixels
    assert cost(large.name, "navi") == Cost(
        37 * 37 * 1024 * 2, (t.convolution + 2 * t.other) * (512 / 224) ** 2, BY_GMACS
    )


def test_few_small_towers_are_measured(known_speed):
    small = card("resnet18.tv_in1k")
    found = full_cost.full_costs([small], "cpu", "fp32", workers=0)(small.name, "sun")
    assert (found.bytes, found.how) == (512 * 4, MEASURED) and found.seconds > 0


def test_a_gpu_decodes_beside_the_tower_and_a_processor_in_turn(known_speed, monkeypatch):
    monkeypatch.setattr(full_cost, "seconds_to_decode", lambda: 1000.0)
    large = card("ViT-L-14/openai")
    tower_alone = tower(large).convolution + 2 * tower(large).other
    on = {d: full_cost.full_costs([large], d, "fp32", workers=4)(large.name, "sun") for d in ("cpu", "cuda")}
    assert (on["cpu"].seconds, on["cuda"].seconds) == (250.0 + tower_alone, 250.0)


def test_sizes_are_those_of_the_copy_or_of_the_card(full, tmp_path):
    names = full.datasets(["all"], [])
    assert names == list(DATASETS)
    sizes = full.sizes(names)
    assert sizes["imagenet-val"] == 50_000 and sizes["imagenet-3dcc"] == 6 * 5 * 50_000
    believed = full.believed(names)
    assert "imagenet-a" in believed and "imagenet-val" not in believed
    full.root = build(tmp_path / "data", "flickr30k")
    assert full.sizes(["flickr30k", "sun"]) == {"flickr30k": 5, "sun": 10_000}
    assert full.believed(["flickr30k", "sun"]) == ["sun"]


def test_a_section_names_its_benchmarks(full):
    assert full.datasets([], full.sections(["retrieval"])) == ["flickr30k", "coco"]
    assert full.datasets(["sun"], full.sections(["shape-bias"])) == ["sun", "cue-conflict"]


def test_pocket_sizes_are_those_of_the_rendered_sets(tmp_path):
    track = PocketTrack(store=tmp_path, out=tmp_path)
    sizes = {"far-noise": 500, "hard-negatives": 4 * 208, "view-pairs": 2 * 139}
    assert track.sizes(list(sizes)) == sizes
    assert "wild+fog_3d" in track.datasets([], ["shape-bias"])


def test_the_whole_grid_is_planned_without_a_model(known_speed, monkeypatch):
    monkeypatch.setattr(full_cost, "build", None)
    result = CliRunner().invoke(
        command.app, ["--models", "all", "--datasets", "all", "--profile", "full", "--plan", "--json"]
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    models = [c for c in cards().values() if c.track == "full"]
    images = sum(c.n_about or c.n_expected for c in DATASETS.values())
    assert found["total"]["images"] == len(models) * images and found["total"]["how"] == BY_GMACS
    assert {t["model"] for t in found["tasks"]} == {c.name for c in models}
    assert max(t["stop"] - t["start"] for t in found["tasks"]) == 16_384


def test_a_plan_waits_for_no_statistics():
    """They take longer to import than the plan takes, and it has no use for them."""
    asked = [
        "sweep",
        "--models",
        "ViT-L-14/openai",
        "--datasets",
        "all",
        "--profile",
        "full",
        "--plan",
        "--json",
    ]
    code = (
        "import sys; from clipkit.cli import app; app(sys.argv[1:], standalone_mode=False)\n"
        "print(*{'scipy', 'sklearn', 'statsmodels', 'timm', 'open_clip', 'ray'} & set(sys.modules), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code, *asked], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout)["total"]["tasks"] > len(DATASETS) and run.stderr.strip() == ""


def test_the_table_for_people(known_speed):
    asked = ["--models", "ViT-L-14/openai", "--datasets", "sun,imagenet-val", "--profile", "full", "--plan"]
    text = CliRunner().invoke(command.app, asked).stdout
    assert "60,000" in text and BY_GMACS in text and "believed, not verified: sun\n" in text


@pytest.mark.parametrize("arguments", [["--models", "core"], ["--models", "", "--datasets", "all"]])
def test_a_sweep_of_nothing_is_refused(arguments):
    with pytest.raises(BadInput, match="a sweep needs models, and data sets or sections"):
        CliRunner().invoke(command.app, [*arguments, "--profile", "full"], catch_exceptions=False)
