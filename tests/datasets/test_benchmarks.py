"""The benchmarks' cards, class sets, views and captions, and every defect of a copy found by name."""

import json
import re
import tarfile
from dataclasses import asdict

import numpy as np
import pytest
from miniatures import COUNTS, OTHERS, build, caption, files
from PIL import Image
from typer.testing import CliRunner

from clipkit.cli import datasets as commands
from clipkit.datasets import imagenet_x
from clipkit.datasets.benchmarks import DATASETS, find_benchmark, open_benchmark
from clipkit.datasets.captions import read_captions
from clipkit.datasets.check import check_benchmarks
from clipkit.datasets.classes import class_set
from clipkit.datasets.cue_conflict import CLASSES
from clipkit.errors import BadInput, ClipkitError, CorruptData, MissingData, UnknownName
from clipkit.prompts import classnames


@pytest.fixture
def cues(tmp_path):
    """Sixty-four cue-conflict stimuli where the release unpacks them."""
    return build(tmp_path, "cue-conflict") / "style-transfer-preprocessed-512"


def problems(root, name, count=None):
    (found,) = check_benchmarks(root, [name], {name: count or COUNTS.get(name)}, progress=False)
    return list(found.problems)


def test_class_sets_agree_with_what_others_say_of_them():
    wnids, names = imagenet_x.wnids(), classnames("imagenet")
    assert list(wnids) == sorted(wnids) and names[wnids.index("n02123045")] == "tabby cat"
    for name in ("imagenet-r", "imagenet-a"):
        ours = class_set(name)
        assert [wnids[i] for (i,) in ours.members] == list(ours.folders) and len(ours) == 200
    objects = dict(zip(class_set("objectnet").folders, class_set("objectnet").members, strict=True))
    assert [names[i] for i in objects["chair"]] == ["barber chair", "folding chair", "rocking chair"]
    assert [names[i] for i in objects["tie"]] == ["bow tie", "Windsor tie"]
    assert len({i for group in objects.values() for i in group}) == sum(map(len, objects.values())) == 125
    cues = class_set("cue-conflict")
    assert cues.folders == CLASSES and [len(m) for m in cues.members][3:5] == [49, 5]
    assert [names[i] for i in cues.members[CLASSES.index("truck")]][:3] == [
        "fire truck",
        "garbage truck",
        "minivan",
    ]


def test_restricting_knows_nothing_of_other_classes():
    logits = np.random.default_rng(0).normal(size=(5, 1000))
    shown = class_set("imagenet-a").restrict(logits)
    outside = np.setdiff1d(np.arange(1000), [i for (i,) in class_set("imagenet-a").members])
    logits[:, outside] = 1e9
    assert (class_set("imagenet-a").restrict(logits) == shown).all()
    with pytest.raises(BadInput, match="11821 logits, where ImageNet has 1000"):
        class_set("imagenet").restrict(np.zeros((1, 11821)))


def test_every_card_says_where_it_comes_from_and_counts_are_verified_or_believed():
    assert len(DATASETS) == 23
    for card in DATASETS.values():
        assert card.get and card.licence and card.layout and card.task
        assert card.n_expected or "elieved" in card.note or "neither was verified" in card.note


@pytest.mark.parametrize(
    "name",
    sorted(
        DATASETS.keys()
        - {n for n in COUNTS if n.startswith("imagenet-v")}
        - {"imagenet-sketch"}
        - OTHERS.keys()
    ),
)
def test_a_miniature_is_right(tmp_path, name):
    root = build(tmp_path, name)
    (found,) = check_benchmarks(root, [name], COUNTS, progress=False)
    assert found.problems == ()
    dropped = {"objectnet": 1, "coco": 1, "flickr30k": 1}.get(name, 0)
    assert found.n_found == len(files()[name]) - dropped
    opened = open_benchmark(name, root, COUNTS.get(name))
    assert (opened.labels == -1).all() == (opened.classes is None)
    if opened.classes:
        assert np.bincount(opened.labels).tolist() == [found.n_found // len(opened.classes)] * len(
            opened.classes
        )


@pytest.mark.parametrize(
    ("name", "n_images", "n_counted", "spoil", "problem"),
    [
        ("navi", 4, 2, "duck/wild_set/depth/001.png", "1 part not whole: duck/001 (no depth map)"),
        ("navi", 4, 2, "duck/wild_set/images/001.jpg", "1 part not whole: duck/001 (no image)"),
        ("scannet-pairs", 3, 2, "scene0707_00/depth/990.png",
         "1 part not whole: scene0707_00/15-990 (frame 990 has no file in depth)"),
        ("spair-71k", 2, 4, "JPEGImages/cat/2008_2.jpg",
         "SPair-71k holds the images of no pair: 4 not whole, such as 000002-2008_1-2008_2:cat "
         "(no JPEGImages/cat/2008_2.jpg)"),
        ("imagenet-3dcc", 120, 4, "fog_3d/2/{wnid}/{image}",
         "near_focus/1 and fog_3d/2 differ in 1 images, such as {wnid}/{image}"),
        ("imagenet-c", 160, 4, "pixelate/5/{wnid}/{image}",
         "gaussian_noise/1 and pixelate/5 differ in 1 images, such as {wnid}/{image}"),
        ("imagenet-d", 9, 9, "texture/mug/1.png",
         "1 part not whole: texture/mug/1.png (asked about in texture.csv, no such file)"),
    ],
)  # fmt: skip
def test_a_miniature_of_pairs_or_corruptions_is_right_until_a_file_is_lost(
    tmp_path, name, n_images, n_counted, spoil, problem
):
    root = build(tmp_path, name)
    (found,) = check_benchmarks(root, [name], COUNTS, progress=False)
    assert (found.problems, found.n_found) == ((), n_images)
    opened = open_benchmark(name, root, COUNTS.get(name))
    assert opened.images.n_counted == n_counted
    _, wnid, image = files()["imagenet-val"][0].split("/")
    (root / OTHERS[name][0] / spoil.format(wnid=wnid, image=image)).unlink()
    assert problem.format(wnid=wnid, image=image) in " ".join(problems(root, name))
    with pytest.raises(ClipkitError, match=re.escape(problem.format(wnid=wnid, image=image))):
        open_benchmark(name, root, COUNTS.get(name))


def test_pairs_and_images_of_each_folder_are_counted(tmp_path):
    root = build(tmp_path, "scannet-pairs", "imagenet-c")
    with pytest.raises(BadInput, match="2 pairs found, 1,500 expected"):
        open_benchmark("scannet-pairs", root)
    with pytest.raises(BadInput, match="4 images in each folder found, 5,000 expected"):
        open_benchmark("imagenet-c", root, 5000)
    with pytest.raises(BadInput, match="996 classes missing: n01"):
        open_benchmark("imagenet-c", root)


def test_labels_follow_numbered_folders_and_not_their_order(tmp_path):
    root = build(tmp_path, "imagenet-v2-top-images")
    opened = open_benchmark("imagenet-v2-top-images", root, 1000)
    assert [int(i.partition("/")[0]) for i in opened.images.ids] == opened.labels.tolist()
    assert opened.images.ids[2] == f"10/{10:040x}.jpeg"


def test_objectnet_loses_its_border_and_the_kinds_that_imagenet_does_not_know(tmp_path):
    root = build(tmp_path, "objectnet")
    opened = open_benchmark("objectnet", root)
    path = root / "objectnet-1.0/images" / opened.images.ids[7]
    seen = opened.images[7].image
    assert seen.size == (32, 32) and not any("squeegee" in i for i in opened.images.ids)
    assert np.array_equal(np.asarray(seen), np.asarray(Image.open(path))[2:-2, 2:-2])
    before = opened.images.fingerprint
    opened.images.border = 0
    assert opened.images.fingerprint != before


def test_a_truncated_copy_is_refused_by_its_card(cues):
    with pytest.raises(
        BadInput, match=r"cue-conflict in .*: 64 images found, 1,280 expected; 1,216 images missing: "
    ):
        open_benchmark("cue-conflict", cues.parent)


def test_a_missing_class_is_named(cues):
    for path in (cues / "oven").iterdir():
        path.unlink()
    assert problems(cues.parent, "cue-conflict") == ["60 images found, 64 expected", "1 class missing: oven"]
    with pytest.raises(BadInput, match="1 class missing: oven"):
        open_benchmark("cue-conflict", cues.parent, 60)


def test_an_extra_class_and_its_images_are_named(cues):
    (cues / "spoon").mkdir()
    (cues / "oven").joinpath("extra.png").write_bytes(next((cues / "oven").iterdir()).read_bytes())
    (cues / "spoon/spoon1-oven1.png").write_bytes(next((cues / "oven").iterdir()).read_bytes())
    assert problems(cues.parent, "cue-conflict", 66) == [
        "1 class unknown: spoon",
        "2 images unknown: extra.png, spoon1-oven1.png",
    ]


def test_images_in_no_class_or_in_the_wrong_one_are_named(cues):
    moved = sorted((cues / "bear").iterdir())[0]
    moved.rename(cues / "cat" / moved.name)
    loose = sorted((cues / "dog").iterdir())[0]
    loose.rename(cues / loose.name)
    assert problems(cues.parent, "cue-conflict") == [
        f"1 image in no class: {loose.name}",
        f"2 images in the folder of another class: cat/{moved.name}, {loose.name}",
    ]


def test_validation_images_are_known_by_name(tmp_path):
    root = build(tmp_path, "imagenet-val")
    wnids, names = imagenet_x.wnids(), sorted((root / "val").glob("*/*.JPEG"))
    stray = root / "val" / wnids[5] / names[0].name
    stray.write_bytes(names[0].read_bytes() + b"\0")
    found = problems(root, "imagenet-val", 1001)
    assert found == [f"1 image in the folder of another class: {wnids[5]}/{stray.name}"]


@pytest.mark.parametrize(
    "content, why", [(b"", "is empty"), (b"text", "is not an image"), (None, "cannot be decoded")]
)
def test_an_unreadable_image_is_named(cues, content, why):
    broken = sorted((cues / "cat").iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:-60] if content is None else content)
    (found,) = problems(cues.parent, "cue-conflict")
    assert found.startswith(f"1 unreadable: cat/{broken.name} ") and why in found
    if content is not None:
        with pytest.raises(CorruptData, match=rf"1 unreadable:\n  cat/{broken.name}: {why}"):
            open_benchmark("cue-conflict", cues.parent, 64)


def test_tar_shards_have_numbers_for_classes(tmp_path):
    source = build(tmp_path / "source", "cue-conflict") / "style-transfer-preprocessed-512"
    shard = tmp_path / "root/cue-conflict/0.tar"
    shard.parent.mkdir(parents=True)
    with tarfile.open(shard, "w") as archive:
        for number, path in enumerate(sorted(source.glob("*/*.png"))):
            if path.parent.name != "bird":
                archive.add(path, f"s{number:07d}.png")
                label = tmp_path / "label.cls"
                label.write_text(str(CLASSES.index(path.parent.name)))
                archive.add(label, f"s{number:07d}.cls")
    assert problems(tmp_path / "root", "cue-conflict", 60) == ["1 class missing: bird"]


def test_captions_of_the_test_split_choose_the_images(tmp_path):
    root = build(tmp_path, "coco", "flickr30k")
    coco, flickr = (open_benchmark(name, root) for name in ("coco", "flickr30k"))
    assert (len(coco.images), len(flickr.images)) == (6, 5)
    assert coco.table.captions[2] == tuple(caption(2, n) for n in range(5))  # it has six
    assert flickr.table.captions[4] == tuple(caption(4, n) for n in range(5))
    (root / "flickr30k/1003.jpg").unlink()
    assert problems(root, "flickr30k") == ["1 image missing: 1003.jpg"]


def test_damaged_captions_are_named(tmp_path):
    root = build(tmp_path, "coco", "flickr30k")
    path = root / "coco/coco_test_karpathy.json"
    content = json.loads(path.read_text())
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] != 3]
    path.write_text(json.dumps(content))
    with pytest.raises(BadInput, match="COCO_val2014_000000000003.jpg has no caption"):
        read_captions(path)
    path.write_text('{"images": 3}')
    with pytest.raises(BadInput, match="coco_test_karpathy.json is not in COCO's layout"):
        read_captions(path)
    text = root / "flickr30k/flickr30k_test_karpathy.txt"
    text.write_text("image,caption\n1000.jpg,a cat\nno image here\n")
    with pytest.raises(BadInput, match="line 3: 'no image here' is no IMAGE.jpg,CAPTION"):
        read_captions(text)
    with pytest.raises(MissingData, match="no file of captions"):
        read_captions(root / "none.json")


def test_what_is_not_there_is_told_with_its_source(tmp_path):
    with pytest.raises(
        MissingData, match=r"ninco is not in .*NINCO/NINCO_OOD_classes, ninco\)\n  -> get it: zenodo"
    ):
        find_benchmark("ninco", tmp_path)
    with pytest.raises(UnknownName, match="Did you mean objectnet"):
        find_benchmark("object-net", tmp_path)
    assert [c.path for c in check_benchmarks(tmp_path, progress=False)] == [None] * len(DATASETS)


def test_commands_list_show_and_check(cues):
    def run(*arguments):
        return CliRunner().invoke(commands.app, [str(a) for a in arguments], catch_exceptions=False)

    assert json.loads(run("list", "--json").stdout) == json.loads(
        json.dumps([asdict(c) for c in DATASETS.values()])
    )
    assert "imagenet-v2-top-images" in run("list").stdout
    shown = run("show", "objectnet").stdout
    assert "border       2" in shown and "objectnet-1.0/images/<object>/<image>.png" in shown

    root, part = cues.parent, ("--n-expected", "cue-conflict=64")
    right = run("check", root, *part)
    assert right.exit_code == 0
    assert "cue-conflict: right, 64 images" in right.stdout and "ninco: not there" in right.stdout
    sorted((cues / "oven").iterdir())[0].write_bytes(b"")
    wrong = run("check", root, "cue-conflict", *part)
    assert (
        wrong.exit_code == 1
        and "cue-conflict: wrong, in" in wrong.stdout
        and "is empty (0 bytes)" in wrong.stdout
    )
    (report,) = json.loads(run("check", root, "cue-conflict", *part, "--json").stdout)
    assert report["n_found"] == 64 and len(report["problems"]) == 1
    (absent,) = json.loads(run("check", root, "ninco", "--json").stdout)
    assert absent["path"] is None and "ninco is not in" in absent["problems"][0]
