"""A miniature in ImageNet-D's layout: what is asked, what is left out and counted, what is refused."""

import pytest
from miniatures import write_imagenet_d

from clipkit.datasets.imagenet_d import COLUMNS, NUISANCES, ImageNetD, read_questions
from clipkit.errors import BadInput, MissingData


@pytest.fixture
def miniature(tmp_path):
    return write_imagenet_d(tmp_path)


@pytest.mark.parametrize("nuisance", NUISANCES)
def test_the_wrong_name_is_the_first_guess_or_else_the_second(miniature, nuisance):
    found = read_questions(miniature, nuisance)
    assert [q.choices for q in found.asked] == [("coffee mug", "bottle"), ("coffee mug", "lamp")]
    assert [q.answer for q in found.asked] == ["coffee mug"] * 2
    assert all(q.image.is_file() and "coffee mug, " in q.question for q in found.asked)
    assert found.repeated == [f"{nuisance}/mug/2.png"]
    assert found.missing == [f"{nuisance}/mug/3.png"]


def test_what_is_not_in_the_layout_is_named(miniature):
    with pytest.raises(BadInput, match="no questions on 'colour'"):
        read_questions(miniature, "colour")
    path = miniature / "questions" / "texture.csv"
    path.write_text("image_dir,gt_category\n")
    with pytest.raises(
        BadInput, match="has no column gt_category, image_dir, top1_pred_cate, top2_pred_cate"
    ):
        read_questions(miniature, "texture")
    path.unlink()
    with pytest.raises(MissingData, match=r"no questions .*texture\.csv"):
        read_questions(miniature, "texture")


def test_a_path_out_of_the_folder_is_refused(miniature):
    path = miniature / "questions" / "material.csv"
    path.write_text("\t".join(COLUMNS) + "\n../secret.png\tmug\tbottle\tlamp\n")
    with pytest.raises(BadInput, match="'../secret.png', which lies outside"):
        read_questions(miniature, "material")


def test_images_are_those_of_the_folders_and_what_is_asked_of_no_image_is_a_defect(miniature):
    images = ImageNetD(miniature)
    assert images.ids == [f"{n}/mug/{k}.png" for n in sorted(NUISANCES) for k in range(3)]
    assert images.defects == {f"{n}/mug/3.png": f"asked about in {n}.csv, no such file" for n in NUISANCES}
    before = images.fingerprint
    path = miniature / "questions" / "texture.csv"
    path.write_text(path.read_text().replace("bottle", "vase"))
    assert ImageNetD(miniature).fingerprint != before
