"""The model lists, against the packages that serve the weights and the records their numbers come from."""

import subprocess
import sys

import pytest

from clipkit import zoo
from clipkit.records import openclip, timm_results


@pytest.fixture
def public(shared, tmp_path_factory, monkeypatch):
    from clipkit import records

    monkeypatch.setenv("CLIPKIT_CACHE", str(tmp_path_factory.getbasetemp() / "zoo-records"))
    if not records.available():
        records.add(shared / "records")


def test_sizes_and_keys():
    tables = zoo.zero_shot(), zoo.finetuned(), zoo.baselines()
    assert [len(table) for table in tables] == [196, 47, 127]
    assert all(table.model.is_unique and table.run.ne("").all() for table in tables)


def test_types():
    table = zoo.zero_shot()
    assert table[["multilingual_text", "is_alias", "quickgelu"]].dtypes.eq(bool).all()
    assert table[["imagenet", "params_M", "samples_seen_B", "train_pairs_M"]].dtypes.eq("float64").all()
    assert set(table.tower_kind) == {"CNN", "ViT", "hybrid"} and set(table.curated) == {"yes", "no", "source"}
    assert zoo.finetuned().has_1000_classes.dtype == bool and zoo.baselines().input_size.dtype == "int64"


def test_pools():
    counts = zoo.zero_shot().pool.str.split(":").str[0].value_counts().to_dict()
    assert counts == {"core": 85, "extended": 62, "exclude": 35, "curation-only": 14}
    assert zoo.zero_shot().query("pool == 'core'").run.nunique() == 70


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ViT-L-14/openai", "ViT-L-14-336/openai", True),
        ("ViT-B-32/laion400m_e31", "ViT-B-32-quickgelu/laion400m_e32", True),
        ("ViT-B-32/laion2b_e16", "ViT-B-32/laion2b_s34b_b79k", False),
        ("ViT-g-14/laion2b_s12b_b42k", "ViT-g-14/laion2b_s34b_b88k", False),
        (
            "convnext_large_d/laion2b_s26b_b102k_augreg",
            "convnext_large_d_320/laion2b_s29b_b131k_ft_soup",
            True,
        ),
        ("ViT-H-14/laion2b_s32b_b79k", "xlm-roberta-large-ViT-H-14/frozen_laion5b_s13b_b90k", True),
        ("ViT-H-14-CLIPA-336/laion2b", "ViT-H-14-CLIPA-336/datacomp1b", False),
        ("ViT-B-16-SigLIP/webli", "ViT-B-16-SigLIP-512/webli", True),
        ("ViT-B-16-SigLIP/webli", "ViT-B-16-SigLIP2/webli", False),
        ("ViT-B-32/datacomp_m_s128m_b4k", "ViT-B-32/commonpool_m_clip_s128m_b4k", False),
    ],
)
def test_runs(one, other, same):
    run = zoo.zero_shot().set_index("model").run
    assert (run[one] == run[other]) is same


def test_a_run_is_one_source_and_one_kind_of_tower():
    table = zoo.zero_shot()
    table = table[~table.model.isin(["xlm-roberta-large-ViT-H-14/frozen_laion5b_s13b_b90k"])]
    table = table[~table.pretrained.str.startswith("mscoco_finetuned")]
    assert table.groupby("run")[["source", "tower_kind"]].nunique().eq(1).all(axis=None)


def test_finetuned_towers_belong_to_the_run_of_their_parent():
    parents, children = zoo.zero_shot().set_index("model"), zoo.finetuned()
    for column in ("run", "source", "tower_kind"):
        assert children[column].tolist() == parents[column][children.parent].tolist()
    usable = children[children.has_1000_classes]
    assert usable.source.value_counts().to_dict() == {
        "LAION-2B": 23, "WIT": 9, "LAION-400M": 2, "WebLI": 2, "LAION-Aesthetic": 1}  # fmt: skip
    assert usable[list(zoo.SHIFTS)].notna().all(axis=None) and (usable.finetune != "in12k").all()


def test_baseline_groups():
    assert zoo.baselines().group.value_counts().to_dict() == {
        "supervised IN-1k": 64, "IN-21k/22k pre-train": 31, "semi/weakly supervised": 22,
        "self-supervised + FT": 10}  # fmt: skip


def test_accuracies_are_those_of_open_clips_results(public):
    published = openclip.results(distinct=False).set_index("model")
    table = zoo.zero_shot().set_index("model")
    assert (table.in_results == "yes").sum() == 121 and set(table.index[table.in_results == "yes"]) == set(
        published.index
    )
    for ours, theirs in (("imagenet", "ImageNet 1k"), ("imagenet_o", "ImageNet-O"), ("params_M", "params_M")):
        assert table[ours][published.index].tolist() == published[theirs].tolist()


@pytest.mark.parametrize("table", [zoo.finetuned, zoo.baselines])
def test_accuracies_are_timms_at_the_resolution_named(public, table):
    names = dict(
        zip(
            zoo.SHIFTS,
            ["imagenet", "imagenet-v2", "imagenet-r", "imagenet-a", "imagenet-sketch"],
            strict=True,
        )
    )
    for column, dataset in names.items():
        published = timm_results.load(dataset).set_index(["model", "img_size"]).top1
        for row in table().itertuples():
            expected = published.get((row.model, row.input_size))
            if expected is not None:
                assert getattr(row, column) == pytest.approx(expected, abs=1e-9), (row.model, dataset)
            else:
                assert getattr(row, column) != getattr(row, column), (row.model, dataset)


def test_open_clip_serves_exactly_these_weights():
    pytest.importorskip("open_clip")
    from open_clip import get_model_config, get_pretrained_cfg, list_pretrained

    table = zoo.zero_shot()
    assert set(zip(table.arch, table.pretrained, strict=True)) == set(list_pretrained())
    for row in table.itertuples():
        weights, config = get_pretrained_cfg(row.arch, row.pretrained), get_model_config(row.arch)
        wanted = weights.get("quick_gelu", False) or row.arch == "roberta-ViT-B-32"
        assert (row.quickgelu, row.hf_hub) == (wanted, weights["hf_hub"].rstrip("/")), row.model
        assert row.loss.startswith("sigmoid") == ("init_logit_bias" in config), row.model
    assert get_model_config("roberta-ViT-B-32")["quick_gelu"]


def test_timm_serves_these_weights():
    timm = pytest.importorskip("timm")
    from timm.models import get_pretrained_cfg

    for table in (zoo.finetuned(), zoo.baselines()):
        assert set(table.model) <= set(timm.list_pretrained())
        assert [
            get_pretrained_cfg(model).input_size[-1] for model in table.model
        ] == table.input_size.tolist()
    table = zoo.finetuned()
    assert [
        get_pretrained_cfg(model).num_classes == 1000 for model in table.model
    ] == table.has_1000_classes.tolist()


def test_records_and_zoo_import_no_torch():
    code = "import sys, clipkit.zoo, clipkit.records, clipkit.cli.records; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
