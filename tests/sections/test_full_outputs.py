"""The full track end to end on miniatures: a real architecture with random weights, and numbers made anew by numpy."""

import json

import numpy as np
import open_clip
import pytest
import torch
from miniatures import COUNTS, build, caption, everything, register_tiny
from PIL import Image
from scipy.ndimage import map_coordinates
from sklearn.metrics import roc_auc_score

from clipkit import prompts
from clipkit.card.headlines import FULL
from clipkit.datasets import imagenet_x
from clipkit.datasets.classes import class_set
from clipkit.dense import dense
from clipkit.errors import BadInput, MissingData, UnknownName
from clipkit.evaluate import TITLES
from clipkit.full.data import CORRUPTED, STANDS_FOR, TWINS, FullData, benchmark_of
from clipkit.full.evaluate import evaluate, file_stem
from clipkit.full.measure import CALIBRATION, SECTIONS
from clipkit.full.outputs import FullOutputs, dense_size
from clipkit.full.results import full_results, read_all
from clipkit.models.random import random_model
from clipkit.registry import Registry
from clipkit.results import ResultStore
from clipkit.sections import measured
from clipkit.sections.measure import MEASURES
from clipkit.store import EmbeddingStore

# Random logits have no best temperature.
pytestmark = pytest.mark.filterwarnings("ignore:the best temperature lies at or beyond")
DRAWS = 20
TEMPLATES = {"1": ("a photo of a {}.",), "5": ("a {}.",), "30": ("one {}.",), "80": ("the {}.", "a toy {}.")}
QUICK = {"progress": False, "workers": 0, "batch_size": 256}


@pytest.fixture(scope="module")
def quick():
    """Few draws and few templates: every path runs as it is, in seconds."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (measured, *MEASURES.values()):
            if hasattr(module, "DRAWS"):
                patch.setattr(module, "DRAWS", DRAWS)
        patch.setattr(prompts, "_template_sets", lambda: Registry("template set", TEMPLATES))
        yield


@pytest.fixture(scope="module")
def data():
    return FullData(everything(), COUNTS)


@pytest.fixture(scope="module")
def clip():
    return random_model(register_tiny())


@pytest.fixture(scope="module")
def run(quick, data, clip, tmp_path_factory):
    """The folder of results of all sections."""
    folder = tmp_path_factory.mktemp("full")
    store = EmbeddingStore(folder / "store")
    done = list(evaluate([clip], list(SECTIONS), data, store, folder, **QUICK))
    assert done == [("tiny-clip/random", section, True) for section in SECTIONS]
    assert store.images_embedded == sum(len(data.benchmark(name).images) for name in data._benchmarks)
    return folder


@pytest.fixture(scope="module")
def table(run):
    return read_all(run)


def value(table, **key):
    return table.get("tiny-clip/random", **key).value


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def seen(clip):
    """Unit features of files, one by one through the tower, not by way of reader, store or view."""

    def features(paths, border=0):
        images = [Image.open(p).convert("RGB") for p in paths]
        images = [i.crop((border, border, i.width - border, i.height - border)) for i in images]
        return unit(clip.encode_image(torch.stack([clip.preprocess(i) for i in images])).numpy())

    return features


@pytest.fixture(scope="module")
def prompted(clip):
    """Unit features of "a photo of a NAME." for names."""

    def features(names):
        tokens = open_clip.get_tokenizer("tiny-clip")([f"a photo of a {name}." for name in names])
        return unit(clip.encode_text(tokens).numpy())

    return features


@pytest.fixture(scope="module")
def thousand(prompted):
    return prompted(prompts.classnames("imagenet"))


def paths(pattern):
    return sorted(everything().glob(pattern), key=lambda p: p.as_posix())


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def val(seen, thousand):
    """Cosines of the validation images and their classes; each class has one image and folders are in order."""
    return seen(paths("val/*/*")) @ thousand.T, np.arange(1000)


HEADLINES = {"navi": "recall@0.02 m", "scannet-pairs": "recall@10 px", "spair-71k": "pck@0.1"}
CLASSIFIED = {
    "imagenet-val": "val/*/*",
    "imagenet-sketch": "sketch/*/*",
    "imagenet-v2-matched-frequency": "imagenetv2-matched-frequency-format-val/*/*",
    "imagenet-r": "imagenet-r/*/*",
    "imagenet-a": "imagenet-a/*/*",
    "objectnet": "objectnet-1.0/images/*/*",
}


@pytest.mark.parametrize("name", CLASSIFIED)
def test_logits_are_among_the_classes_of_the_benchmark(table, clip, data, run, seen, thousand, name):
    files = [p for p in paths(CLASSIFIED[name]) if p.parent.name != "squeegee"]
    logits = seen(files, border=2 if name == "objectnet" else 0) @ thousand.T / 0.07
    folders = [p.parent.name for p in files]
    if name == "objectnet":
        kinds = class_set(name)
        logits = np.stack([logits[:, list(m)].max(axis=1) for m in kinds.members], axis=1)
        labels = [kinds.folders.index(folder) for folder in folders]
    elif "v2" in name:
        labels = [int(folder) for folder in folders]
    else:
        known = [wnid for wnid in imagenet_x.wnids() if wnid in folders]
        logits = logits[:, [imagenet_x.wnids().index(wnid) for wnid in known]]
        labels = [known.index(folder) for folder in folders]
    outputs = FullOutputs(clip, data, EmbeddingStore(run / "store"), **QUICK)
    assert outputs.labels(name).tolist() == labels
    np.testing.assert_allclose(outputs.logits(name, "1"), logits, atol=1e-4)
    right = (logits.argmax(axis=1) == labels).mean()
    assert value(table, section="natural shifts", dataset=name, prompts="1") == right


def test_natural_shifts_come_under_the_names_of_the_benchmarks(table):
    rows = table.frame[table.frame.section == "natural shifts"]
    assert set(rows.dataset) == set(STANDS_FOR.values())


def test_corruptions_come_under_the_names_of_the_benchmarks(table, clip, data, run, seen, thousand):
    rows = table.frame[table.frame.section == "3D corruption"]
    assert set(rows.dataset) == {"imagenet-val", *CORRUPTED.values(), "3D", "2D"} and set(rows.n) == {4}
    outputs = FullOutputs(clip, data, EmbeddingStore(run / "store"), **QUICK)
    for name, place in (("imagenet-3dcc/fog_3d", "imagenet_3dcc/fog_3d"), ("wild+fog", "ImageNet-C/fog")):
        files = [p for severity in range(1, 6) for p in paths(f"{place}/{severity}/*/*")]
        labels = [imagenet_x.wnids().index(p.parent.name) for p in files]
        assert outputs.labels(name).tolist() == labels
        np.testing.assert_allclose(outputs.logits(name, "1"), seen(files) @ thousand.T / 0.07, atol=1e-4)
        shown = outputs.table("imagenet-val").file_name[outputs.table(name).source].tolist()
        assert shown == [p.name for p in files]
        assert outputs.table(name).severity.tolist() == [int(p.parts[-3]) for p in files]
    cells = rows[rows.dataset.str.startswith("imagenet-3dcc/") & (rows.prompts == "80")]
    mean = value(
        table, section="3D corruption", dataset="3D", subset="all severities", metric="accuracy", prompts="80"
    )
    assert len(cells) == 30 and mean == pytest.approx(cells.value.mean())


def test_points_of_pairs_are_matched_by_maps_of_the_size_of_the_protocol(table, clip, data):
    assert dense_size(clip, "spair-71k") == (800, 800)
    model = dense(clip, size=800)
    images = data["spair-71k"].benchmark.images
    maps = [model.encode_image(model.preprocess(images[i].image)[None])[0].float().numpy() for i in (0, 1)]
    pair = images.pairs()[0]

    def at(features, points):
        rows, columns = (points * 50 - 0.5).T[::-1]
        found = [
            map_coordinates(c, [rows, columns], order=1, mode="nearest") for c in np.moveaxis(features, 2, 0)
        ]
        return unit(np.stack(found, axis=1))

    nearest = (at(maps[0], pair.query) @ at(maps[1], pair.candidates).T).argmax(axis=1)
    errors = np.linalg.norm(pair.candidates[nearest] - pair.target, axis=1) * pair.scale
    asked = {"section": "3D correspondence", "subset": "all"}
    assert value(table, dataset="spair-71k", metric="pck@0.1", **asked) == (errors < 0.1).mean()
    for dataset, metric, n in (("navi", "recall@0.02 m", 2), ("scannet-pairs", "recall@10 px", 2)):
        assert table.get("tiny-clip/random", dataset=dataset, metric=metric, **asked).n == n
    assert value(table, dataset="all sets", metric="recall", **asked) == pytest.approx(
        np.mean([value(table, dataset=d, metric=m, **asked) for d, m in HEADLINES.items()])
    )


def test_sizes_are_whole_numbers_of_cells():
    patch14 = random_model(register_tiny(patch=14))
    assert [dense_size(patch14, name) for name in HEADLINES] == [(518, 518), (476, 644), (798, 798)]


def test_visual_factors_are_those_of_the_annotated_images(table, val):
    cosines, labels = val
    truth = imagenet_x.annotations("top").set_index("file_name")
    names = [p.name for p in paths("val/*/*")]
    rows = [i for i, name in enumerate(names) if name in truth.index]
    right = (cosines.argmax(axis=1) == labels)[rows]
    marked = truth.loc[[names[i] for i in rows], list(imagenet_x.FACTORS)].to_numpy()
    assert marked.sum(axis=0).min() >= 1
    asked = {"section": "visual factors", "dataset": "imagenet-x/top", "prompts": "1", "metric": "accuracy"}
    assert value(table, subset="base", **asked) == right.mean()
    means = [right[column].mean() for column in marked.T]
    assert value(table, subset="all factors", **asked) == pytest.approx(np.mean(means), abs=1e-12)
    assert set(table.frame[table.frame.dataset == "imagenet-x/multi"].prompts) == {"80"}


def test_shape_bias_is_decided_in_two_ways(table, seen, thousand, prompted):
    cues = class_set("cue-conflict")
    files = paths("style-transfer-preprocessed-512/*/*")
    shape = np.array([cues.folders.index(p.parent.name) for p in files])
    texture = np.array([cues.folders.index(p.stem.partition("-")[2].rstrip("0123456789")) for p in files])
    conflict = shape != texture
    assert 0 < conflict.sum() < len(files)
    features = seen(files)
    p = softmax((features @ thousand.T).astype(float) / 0.07)
    by_members = np.stack([p[:, list(m)].mean(axis=1) for m in cues.members], axis=1)
    names = prompts.classnames("cue-conflict")
    for dataset, scores in (
        ("cue-conflict", by_members),
        ("cue-conflict/names", features @ prompted(names).T),
    ):
        decision = scores.argmax(axis=1)[conflict]
        by_shape, by_texture = (decision == shape[conflict]).sum(), (decision == texture[conflict]).sum()
        asked = {"section": "shape bias", "dataset": dataset, "prompts": "1", "metric": "shape_bias"}
        expected = by_shape / (by_shape + by_texture) if by_shape + by_texture else np.nan
        assert value(table, subset="all classes", **asked) == pytest.approx(expected, nan_ok=True)
        lead = (scores[np.arange(len(files)), shape] > scores[np.arange(len(files)), texture])[conflict]
        assert value(table, subset="two cues", **asked) == lead.mean()


def test_unknown_images_are_told_by_mcm(table, val, seen, thousand):
    def mcm(cosines):
        return softmax(cosines.astype(float)).max(axis=1)

    known = mcm(val[0])
    found = {}
    for name, pattern in {"ninco": "NINCO/NINCO_OOD_classes/*/*", "imagenet-o": "imagenet-o/*/*"}.items():
        unknown = mcm(seen(paths(pattern)) @ thousand.T)
        labels = np.r_[np.ones(len(known)), np.zeros(len(unknown))]
        found[name] = roc_auc_score(labels, np.r_[known, unknown])
    asked = {"section": "OOD detection", "dataset": "near", "metric": "auroc"}
    assert value(table, prompts="1", **asked) == pytest.approx(np.mean(list(found.values())), abs=1e-5)


def test_calibration_is_of_the_models_own_scale(table, val):
    cosines, labels = val
    p = softmax(cosines.astype(float) / 0.07)
    gap = p.max(axis=1).mean() - (p.argmax(axis=1) == labels).mean()
    asked = {"section": "calibration", "metric": "signed_gap", "subset": "all", "prompts": "1"}
    assert value(table, dataset="imagenet-val", **asked) == pytest.approx(gap, abs=1e-6)
    rows = table.frame[(table.frame.section == "calibration") & (table.frame.metric == "accuracy")]
    assert set(rows.dataset) == {*CALIBRATION.names, "shifted"}
    assert set(json.loads(table.said["tiny-clip/random"]["reliability"])) == set(CALIBRATION.names)


def test_a_twin_holds_the_validation_images_of_the_same_classes(table, clip, data, run):
    outputs = FullOutputs(clip, data, EmbeddingStore(run / "store"), **QUICK)
    for twin, name in TWINS.items():
        folders = {p.parent.name for p in paths("val/*/*")}
        classes = class_set(name)
        wnids = [imagenet_x.wnids()[i] for m in classes.members for i in m]
        assert set(outputs.table(twin).file_name) == {p.name for w in wnids for p in paths(f"val/{w}/*")}
        assert outputs.logits(twin, "1").shape == (len(wnids), len(classes)) and set(wnids) <= folders
        shown = [imagenet_x.validation_classes()[file] for file in outputs.table(twin).file_name]
        assert all(i in classes.members[label] for i, label in zip(shown, outputs.labels(twin), strict=True))


def test_retrieval_is_recall_of_captions(table, clip, seen):
    images = seen(paths("flickr30k/*.jpg")[:5])
    texts = [caption(image, n) for image in range(5) for n in range(5)]
    features = unit(clip.encode_text(open_clip.get_tokenizer("tiny-clip")(texts)).numpy())
    owner = np.repeat(np.arange(5), 5)
    scores = features @ images.T
    of_image = (scores.argmax(axis=1) == owner).mean()
    of_text = (owner[scores.argmax(axis=0)] == np.arange(5)).mean()
    asked = {"section": "retrieval", "dataset": "flickr30k", "metric": "recall@1"}
    assert (
        value(table, subset="image", **asked) == of_image and value(table, subset="text", **asked) == of_text
    )
    assert table.get("tiny-clip/random", subset="image", **asked | {"dataset": "coco"}).n == 6


def test_a_second_run_does_nothing_and_other_code_measures_again(run, clip, data, quick, monkeypatch):
    store = EmbeddingStore(run / "store")
    assert [new for *_, new in evaluate([clip], list(SECTIONS), data, store, run, **QUICK)] == [False] * len(
        SECTIONS
    )
    monkeypatch.setattr("clipkit.full.evaluate._code", lambda: "another")
    done = list(evaluate([clip], ["retrieval"], data, store, run, **QUICK))
    assert [new for *_, new in done] == [True] and store.images_embedded == 0


def test_rows_carry_their_recipe(run, table):
    rows = ResultStore(run / "rows").load()
    assert set(rows.track) == {"full"} and set(rows.section) == {TITLES[name] for name in SECTIONS}
    assert len(rows) == len(table.frame)
    at = rows[(rows.dataset == "imagenet-r") & (rows.section == "natural shifts")].set_index("subset").loc
    one, most = at["all, prompts 1"], at["all, prompts 80"]
    assert one.templates_hash == prompts.short_hash(TEMPLATES["1"]) != most.templates_hash
    assert one.classnames_hash == prompts.short_hash(prompts.classnames("imagenet"))
    assert (one.n_expected, one.n_seen, one.precision) == (200, 200, "fp32")
    assert one.logit_scale == pytest.approx(1 / 0.07, rel=1e-5)
    named = rows[rows.dataset == "cue-conflict/names"]
    assert set(named.classnames_hash) == {prompts.short_hash(prompts.classnames("cue-conflict"))}
    assert set(rows[rows.dataset == "imagenet-a"].n_expected) == {-1}  # no count was verified
    pairs = rows[rows.dataset == "scannet-pairs"]
    assert set(zip(pairs.n_expected, pairs.n_seen, pairs.classnames_hash, strict=True)) == {(2, 2, "")}
    assert set(rows[rows.dataset == "imagenet-c/fog"].n_seen) == {4}


def test_a_card_finds_all_its_headlines(table):
    assert [h.title for h in FULL if not len(table.rows(**h.key))] == []


def test_random_weights_are_no_evidence(run, table):
    assert table.said["tiny-clip/random"]["kind"] == "random"
    assert {c["weights"] for c in map(json.loads, [table.said["tiny-clip/random"]["card"]])} == {"random"}
    with pytest.raises(BadInput, match=r"random weights \(tiny-clip/random\), which are no evidence"):
        full_results(run)


def test_results_of_other_weights_are_evidence(run, tmp_path):
    for path in (run / "measured").glob("*/*.parquet"):
        table = measured.pq.read_table(path)
        said = table.schema.metadata | {b"kind": b"zero_shot", b"model": b"ViT-B-32/openai"}
        copy = tmp_path / path.relative_to(run).with_name(f"{file_stem('ViT-B-32/openai')}.parquet")
        copy.parent.mkdir(parents=True, exist_ok=True)
        measured.pq.write_table(table.replace_schema_metadata(said), copy)
    found = full_results(tmp_path)
    assert set(found.frame.model) == {"ViT-B-32/openai"} and set(found.frame.section) == {
        TITLES[name] for name in SECTIONS
    }
    assert set(json.loads(found.said["ViT-B-32/openai"]["data"])) == {
        benchmark_of(n) for s in SECTIONS.values() for n in s.datasets
    }
    with pytest.raises(MissingData, match="clipkit evaluate all --profile full"):
        full_results(tmp_path / "none")


def test_a_head_has_the_same_rows_without_prompts(quick, data, table, tmp_path):
    head = random_model("test_vit")
    done = list(
        evaluate([head], ["shape-bias", "retrieval"], data, EmbeddingStore(tmp_path), tmp_path, **QUICK)
    )
    assert [new for *_, new in done] == [True, False]  # no text tower, no retrieval
    found = read_all(tmp_path).frame
    ours = table.frame[(table.frame.section == "shape bias") & (table.frame.dataset == "cue-conflict")]
    same = ["dataset", "subset", "metric"]
    assert (
        found[same].to_records(index=False).tolist()
        == ours[ours.prompts == "80"][same].to_records(index=False).tolist()
    )
    assert set(found.prompts) == {""}
    outputs = FullOutputs(head, data, tmp_path, **QUICK)
    with pytest.raises(
        BadInput, match="test_vit/random has no prompts, which cue-conflict/names is decided by"
    ):
        outputs.logits("cue-conflict/names")
    with pytest.raises(BadInput, match="no cosines"):
        outputs.cosines("cue-conflict")


def test_a_named_architecture_runs_too(quick, data, tmp_path):
    (done,) = evaluate(["ViT-S-32/random"], ["retrieval"], data, EmbeddingStore(tmp_path), tmp_path, **QUICK)
    assert done == ("ViT-S-32/random", "retrieval", True)
    assert set(read_all(tmp_path, ["retrieval"]).frame.dataset) == {"flickr30k", "coco"}


def test_random_weights_follow_the_seed(clip):
    again, other = random_model("tiny-clip"), random_model("tiny-clip", seed=1)
    assert again.card == clip.card and other.card.weights_sha256 != clip.card.weights_sha256
    assert (clip.card.kind, clip.card.weights, clip.card.track) == ("random", "random", "full")


@pytest.mark.parametrize(
    "model, error, text",
    [
        ("ViT-B-33/random", UnknownName, "unknown architecture 'ViT-B-33'\n  -> Did you mean ViT-B-32"),
        ("ViT-B-32/openia", UnknownName, "Did you mean ViT-B-32/openai"),
        ("resnet-wild-s0", BadInput, "resnet-wild-s0 is a model of the pocket laboratory"),
    ],
)
def test_all_names_are_checked_before_any_model_runs(data, tmp_path, model, error, text):
    with pytest.raises(error, match=text):
        next(evaluate(["tiny-clip/random", model], ["retrieval"], data, EmbeddingStore(tmp_path), tmp_path))
    with pytest.raises(UnknownName, match="Did you mean retrieval"):
        next(evaluate(["tiny-clip/random"], ["retreival"], data, EmbeddingStore(tmp_path), tmp_path))


def test_all_benchmarks_that_are_not_there_are_listed_at_once(tmp_path):
    (tmp_path / "SUN").mkdir()
    with pytest.raises(
        MissingData, match=r"6 of 7 benchmarks are not in (.|\n)*ninco: zenodo(.|\n)*textures: www"
    ) as caught:
        FullData(tmp_path).open(SECTIONS["ood-detection"].datasets)
    assert "sun:" not in str(caught.value)
    with pytest.raises(UnknownName, match="Did you mean imagenet-val"):
        FullData(tmp_path, {"imagenet-vall": 3})


def test_validation_images_without_their_names_have_no_factors(tmp_path):
    folder = tmp_path / "val"
    for i, path in enumerate(paths("val/*/*")):
        (folder / path.parent.name).mkdir(parents=True)
        (folder / path.parent.name / f"{i}.JPEG").symlink_to(path)
    with pytest.raises(BadInput, match="has a name that ImageNet-X annotates"):
        FullData(tmp_path, {"imagenet-val": 1000})["imagenet-x/top"]


def test_corrupted_images_that_do_not_fit_are_refused_before_any_model_runs(tmp_path):
    counts = COUNTS | {"imagenet-c": 3}
    root = build(tmp_path, "imagenet-3dcc", "imagenet-c")
    (tmp_path / "val").symlink_to(everything() / "val")
    lost = paths("val/*/*")[3]
    for path in root.glob(f"ImageNet-C/*/*/{lost.parent.name}/{lost.name}"):
        path.unlink()
    with pytest.raises(
        BadInput,
        match="imagenet-3dcc/near_focus and imagenet-c/gaussian_noise show 1 different validation images",
    ):
        FullData(root, counts).open(SECTIONS["3d-corruption"].datasets)
    for path in root.glob(f"imagenet_3dcc/*/*/{lost.parent.name}/{lost.name}"):
        path.rename(path.with_name("ILSVRC2012_val_99999999.JPEG"))
    with pytest.raises(
        BadInput, match="1 images of imagenet-3dcc are not in imagenet-val, such as ILSVRC2012_val_9"
    ):
        FullData(root, counts).open(SECTIONS["3d-corruption"].datasets)
