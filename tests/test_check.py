"""Every model of the lists is built with random weights and all hooks of the sections are tried.

Here: one real run for each family of towers, the smallest, and a twentieth of all others by shapes alone, others each
day. `clipkit models check --all` is the whole.
"""

import datetime
import json
import random
from dataclasses import replace
from importlib.metadata import version
from math import inf
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from clipkit import zoo
from clipkit.cli import app
from clipkit.errors import BadInput, UnknownName
from clipkit.models import card, cards
from clipkit.models.cards import tower_family
from clipkit.models.check import TEXTS, Checked, check, check_all
from clipkit.models.check_record import Record, table
from clipkit.models.heads import before_head, head_logits
from clipkit.models.stand_ins import tokenizer_class, write_tokenizer
from clipkit.sweep.towers import tower

FULL = [c for c in cards().values() if c.track == "full"]
CLIP_SMALLEST = (
    "ViTamin-S/datacomp1b",
    "MobileCLIP2-S0/dfndr2b",
    "PE-Core-T-16-384/meta",
    "EVA02-B-16/merged2b_s8b_b131k",
    "ViT-B-16-SigLIP/webli",
    "coca_ViT-B-32/laion2b_s13b_b90k",
    "xlm-roberta-base-ViT-B-32/laion5b_s13b_b90k",
)
"""Besides ViT, RN and ConvNeXt, which tests of embedding run in full."""


def smallest_timm():
    """The tower with the fewest multiplications of each family of classifiers, those made of CLIPs with timm's own."""
    found = {}
    for c in sorted((c for c in FULL if not c.prompts), key=lambda c: tower(c).gmacs):
        found.setdefault(tower_family(c).split("(")[0].lower(), c.name)
    return list(found.values())


def test_every_clip_family_of_the_zoo_really_embeds_images_somewhere():
    families = set(zoo.zero_shot().tower_family)
    assert {tower_family(card(name)) for name in CLIP_SMALLEST} | {"ViT", "RN", "ConvNeXt"} == families


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIP_SMALLEST)
def test_a_clip_of_each_family_embeds_images_and_texts(name):
    found = check(card(name), largest=260)
    assert not found.failed and found.device == "cpu"
    assert set(found.said) == {"image", "features", "map", "activation", "scale", "text"}


@pytest.mark.slow
@pytest.mark.parametrize("name", smallest_timm())
def test_a_classifier_of_each_family_embeds_images_and_its_head_reads_them(name):
    found = check(card(name))
    assert not found.failed and found.device == "cpu"
    assert set(found.said) == {"image", "features", "map", "head"}
    assert found.said["map"].startswith("none") == (name == "inception_v3.tv_in1k")


@pytest.mark.slow
def test_a_twentieth_of_all_models_by_shapes_others_each_day():
    chosen = random.Random(datetime.date.today().toordinal()).sample(FULL, len(FULL) // 20)
    found = list(check_all(chosen, largest=0))
    assert [(c.model, c.failed) for c in found if c.failed] == []
    # What a sweep is planned by.
    widths = {c.model: int(c.said["features"]) for c in found}
    assert widths == {c.name: tower(c).width for c in chosen}


def test_heads_that_are_two_or_convolutions_read_stored_features():
    """timm's own pre-logits of a distilled DeiT are a mean of two tokens, which its two heads cannot be had from."""
    import timm

    images = torch.randn(2, 3, 224, 224, generator=torch.manual_seed(0))
    for name in ("deit_tiny_distilled_patch16_224", "resnetv2_50x1_bit"):
        torch.manual_seed(0)
        net = timm.create_model(name, pretrained=False).eval()
        for head in torch.nn.ModuleList(net.get_classifier() if "deit" in name else [net.get_classifier()]):
            torch.nn.init.normal_(head.weight)
        with torch.inference_mode():
            assert torch.allclose(head_logits(net, before_head(net, images)), net(images), atol=1e-3), name


@pytest.mark.parametrize(
    ("changed", "hook", "why"),
    [
        ({"loss": "sigmoid"}, "scale", "loss sigmoid, and a logit bias is missing"),
        ({"quickgelu": None, "weights": "no-such-tag"}, "", ""),
        ({"architecture": "ViT-B-33"}, "build", "TypeError"),
    ],
)
def test_what_is_wrong_is_named_by_hook(changed, hook, why):
    found = check(replace(card("RN50/yfcc15m"), **changed), largest=0)
    assert set(found.failed) == ({hook} - {""}) and why in found.failed.get(hook, "")


def test_preprocessing_that_is_not_the_tags_is_found(monkeypatch):
    from clipkit.models import check as module

    real = module._tag
    tag = lambda card: real(card) | {"mean": (0.1, 0.1, 0.1)}  # noqa: E731
    model, _ = module._build(card("RN50/openai"), 0, False, None)
    monkeypatch.setattr(module, "_tag", tag)
    with pytest.raises(module.Wrong, match="white becomes"):
        module._image(model, card("RN50/openai"))


@pytest.mark.parametrize(
    "name",
    sorted({
        "timm/ViT-B-16-SigLIP", "timm/ViT-B-16-SigLIP-i18n-256", "timm/ViT-B-16-SigLIP2", "bert-base-uncased",
        "facebook/xlm-v-base", "roberta-base", "xlm-roberta-large", "facebook/nllb-200-distilled-1.3B",
    }),
)  # fmt: skip
def test_stand_ins_are_of_the_class_they_stand_for_and_tell_texts_apart(name, tmp_path):
    from open_clip.tokenizer import HFTokenizer

    made = HFTokenizer(write_tokenizer(name, tmp_path), context_length=24)
    assert type(made.tokenizer).__name__ == tokenizer_class(name)
    tokens = made(list(TEXTS))
    assert tokens.shape == (2, 24) and not torch.equal(*tokens)


def run(*arguments):
    found = CliRunner().invoke(app, ["models", "check", *arguments])
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


class TestRecord:
    """What a long run leaves behind, and takes up again."""

    CHECKED = Checked("a/b", "open_clip", "RN", 1.0, "meta", {"map": "none: odd"}, ("tokenizer",), {})

    def test_a_line_that_was_cut_off_is_checked_again(self, tmp_path):
        path = tmp_path / "checked.jsonl"
        Record(path).add(self.CHECKED, 40, False)
        whole = path.read_text()
        path.write_text(whole + whole.replace("a/b", "c/d")[:-20])
        again = Record(path)
        assert again.passed("a/b", 40, False) == self.CHECKED and again.passed("c/d", 40, False) is None
        again.add(replace(self.CHECKED, model="c/d"), 40, False)
        assert Record(path).passed("c/d", 40, False) and Record(path).passed("a/b", 40, False)

    def test_what_failed_or_was_asked_less_of_or_of_other_versions_is_checked_again(
        self, tmp_path, monkeypatch
    ):
        from clipkit.models import check_record

        record = Record(tmp_path / "checked.jsonl")
        record.add(self.CHECKED, 40, False)
        record.add(replace(self.CHECKED, model="failed", failed={"map": "odd"}), 40, False)
        record.add(replace(self.CHECKED, model="ran", device="cpu"), 40, False)
        assert record.passed("failed", 40, False) is None and record.passed("a/b", 40, True) is None
        assert record.passed("a/b", 0, False) and record.passed("a/b", 41, False) is None
        assert record.passed("ran", 41, False)
        monkeypatch.setattr(check_record, "version", lambda package: "9.9")
        assert record.passed("ran", 40, False) is None

    def test_nothing_is_built_that_the_record_has(self, tmp_path, monkeypatch):
        from clipkit.models import check as module

        record = Record(tmp_path / "checked.jsonl")
        chosen = [card("RN50/openai"), card("RN50/yfcc15m")]
        first = list(check_all(chosen, 0, record=record))
        monkeypatch.setattr(module, "check", None)
        assert list(check_all(chosen, 0, record=Record(record.path))) == first

    def test_the_table_counts_by_family(self):
        ran = replace(self.CHECKED, device="cpu", said={}, stand_ins=())
        rows = table([self.CHECKED, ran, replace(ran, library="timm", failed={"map": "odd"})]).splitlines()
        assert f"timm {version('timm')}" in rows[0]
        assert rows[4:] == [
            "| open_clip: RN | 2 | 0 | 1 | 1 | 1 | 1 |",
            "| timm: RN | 1 | 1 | 1 | 0 | 0 | 0 |",
            "| all | 3 | 1 | 2 | 1 | 1 | 1 |",
        ]


def test_the_table_in_the_book_is_of_all_models_and_of_the_installed_versions():
    """Else: clipkit models check --all --every-family --record checked.jsonl --table book/checked.txt"""
    written = (Path(__file__).parents[1] / "book" / "checked.txt").read_text()
    assert written.splitlines()[0] == table([]).splitlines()[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in written.splitlines()[4:]]
    counts = {family: int(models) for family, models, *_ in rows}
    assert counts.pop("all") == sum(counts.values()) == len(FULL)
    assert {int(failed) for _, _, failed, *_ in rows} == {0}
    assert all(int(ran) for _, _, _, ran, *_ in rows), "a family of which no model embedded pictures"


def test_entries_that_differ_in_their_origin_alone_are_built_once(monkeypatch):
    from clipkit.models import check as module

    built = []
    monkeypatch.setattr(
        module, "check", lambda c, limit, _: built.append((c.name, limit)) or TestRecord.CHECKED
    )
    names = ("RN50/openai", "RN50/cc12m", "RN50/yfcc15m", "RN101/openai")
    found = list(check_all(map(card, names), 40, always=["RN50/cc12m"]))
    assert [c.model for c in found] == list(names)
    assert built == [("RN50/openai", 40), ("RN50/cc12m", inf), ("RN101/openai", 40)]


def test_the_command_lists_stand_ins_as_such():
    found = run("ViT-L-14-CLIPA/datacomp1b", "RN50-quickgelu/random", "--largest", "0")
    assert found.exit_code == 0
    assert (
        "stand-in: tokenizer bert-base-uncased: BertTokenizer of a few words: ViT-L-14-CLIPA/datacomp1b"
        in found.output
    )
    assert "2 of 2 models OK, with random weights: 0 ran, 2 were built on the meta device" in found.output
    assert [c["ok"] for c in json.loads(run("RN50/openai", "--largest", "0", "--json").output)] == [True]


def test_a_failure_is_named_and_ends_with_status_1(monkeypatch):
    from clipkit.models import check as module

    def no_map(model, card):
        raise module.Wrong("dense features are (2, 7), no map")

    monkeypatch.setitem(module._CLIP, "map", no_map)
    found = run("RN50/openai", "--largest", "0")
    assert found.exit_code == 1
    assert "failed: RN50/openai: map: dense features are (2, 7), no map" in found.output


def test_mistakes_are_refused():
    with pytest.raises(BadInput, match="no model to check"):
        run()
    with pytest.raises(BadInput, match="vit-wild-s0 comes with its weights"):
        run("vit-wild-s0")
    with pytest.raises(UnknownName, match="no model has family 'ConvNext2'\n  -> Did you mean"):
        run("--family", "ConvNext2")
