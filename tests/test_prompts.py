"""Templates and class names: their number, their nesting, their hashes, and files of one's own."""

import hashlib
import subprocess
import sys

import open_clip
import pytest

from clipkit import prompts
from clipkit.errors import BadInput, MissingData, UnknownName


def test_the_sets_are_nested():
    one, five, thirty, eighty = (prompts.templates(name) for name in ("1", "5", "30", "80"))
    assert one == five[:1] and five == thirty[:5] and set(thirty) < set(eighty)


def test_the_rule_behind_5_and_30_is_the_documented_one():
    others = [t("{}") for t in open_clip.OPENAI_IMAGENET_TEMPLATES if t("{}") != "a photo of a {}."]
    others.sort(key=lambda text: hashlib.sha256(text.encode()).hexdigest())
    assert prompts.templates("30") == ("a photo of a {}.", *others[:29])


def test_open_clip_lists_are_taken_over_unchanged():
    assert list(prompts.templates("80")) == [t("{}") for t in open_clip.OPENAI_IMAGENET_TEMPLATES]
    assert list(prompts.templates("7")) == [t("{}") for t in open_clip.SIMPLE_IMAGENET_TEMPLATES]
    assert prompts.classnames("imagenet") == tuple(open_clip.IMAGENET_CLASSNAMES)


def test_each_shipped_template_has_one_place_for_the_name():
    assert all(t.count("{}") == 1 for name in ("1", "5", "7", "30", "80") for t in prompts.templates(name))


@pytest.mark.parametrize("texts", [["a {}.", "b {}."], ["b {}.", "a {}."], ["a {}."], ["a {}.b {}."]])
def test_the_hash_sees_order_number_and_boundaries(texts):
    others = [["a {}.", "b {}."], ["b {}.", "a {}."], ["a {}."], ["a {}.b {}."]]
    assert [prompts.short_hash(texts) == prompts.short_hash(o) for o in others] == [
        texts == o for o in others
    ]


@pytest.mark.parametrize(
    ("name", "text"), [("own.txt", "a {}.\n\nan ü {}.\n"), ("own.json", '["a {}.", "an ü {}."]')]
)
def test_templates_from_a_file(name, text, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert prompts.templates(str(tmp_path / name)) == ("a {}.", "an ü {}.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a photo.\n", r"template 'a photo.' in .* needs exactly one \{\}"),
        ("{} and {}\n", r"needs exactly one \{\}"),
        ("", "is empty"),
        ("a {}\na {}\n", "names something twice"),
    ],
)
def test_a_bad_template_file_is_refused(text, message, tmp_path):
    (tmp_path / "own.txt").write_text(text)
    with pytest.raises(BadInput, match=message):
        prompts.templates(tmp_path / "own.txt")


def test_bad_json_and_absent_files_are_named(tmp_path):
    (tmp_path / "own.json").write_text('{"a": 1}')
    with pytest.raises(BadInput, match="own.json is not a list of texts"):
        prompts.classnames(tmp_path / "own.json")
    (tmp_path / "own.json").write_text("[")
    with pytest.raises(BadInput, match="own.json is not valid JSON"):
        prompts.classnames(tmp_path / "own.json")
    with pytest.raises(MissingData, match="no file .*absent.txt"):
        prompts.classnames(tmp_path / "absent.txt")


def test_unknown_sets_are_named():
    with pytest.raises(UnknownName, match="unknown template set '81'\n  -> Did you mean 1"):
        prompts.templates("81")
    with pytest.raises(UnknownName, match="Did you mean imagenet"):
        prompts.classnames("imagnet")


def test_prompts_do_not_import_torch():
    code = (
        "import sys; from clipkit import prompts; prompts.templates('80'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
