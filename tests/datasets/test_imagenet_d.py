"""A miniature in ImageNet-D's layout: what is asked, what is left out and counted, what is refused."""

import pytest
from PIL import Image

from clipkit.datasets.imagenet_d import COLUMNS, NUISANCES, read_questions
from clipkit.errors import BadInput, MissingData


@pytest.fixture
def miniature(tmp_path):
    """Two good lines of each nuisance, one that repeats its name, one without its image."""
    for nuisance in NUISANCES:
        (tmp_path / nuisance / "mug").mkdir(parents=True)
        for k in range(3):
            Image.new("RGB", (8, 8)).save(tmp_path / nuisance / "mug" / f"{k}.png")
        lines = [
            (f"{nuisance}/mug/0.png", "coffee mug", "bottle", "lamp"),
            (f"{nuisance}/mug/1.png", "coffee mug", "coffee mug", "lamp"),
            (f"{nuisance}/mug/2.png", "coffee mug", "coffee mug", "Coffee Mug"),
            (f"{nuisance}/mug/3.png", "coffee mug", "bottle", "lamp"),
        ]
        (tmp_path / "questions").mkdir(exist_ok=True)
        text = "\n".join("\t".join(line) for line in (COLUMNS, *lines))
        (tmp_path / "questions" / f"{nuisance}.csv").write_text(text)
    return tmp_path


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
