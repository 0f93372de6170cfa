"""Models: cards, and loading that neither guesses nor runs foreign code."""

import json
import os
import pickle

import open_clip
import pytest
import timm
import torch
from random_models import clip_weights, timm_weights
from safetensors.torch import load_file, save_file

from clipkit.errors import BadInput, CorruptData, MissingData, UnknownName
from clipkit.models import card, cards, load
from clipkit.models.loading import _open_clip
from clipkit.models.weights import read_weights, sha256_of

SMALL = "ViT-S-32"


@pytest.fixture(scope="module")
def small_state():
    return load_file(clip_weights(SMALL))


def test_every_zoo_model_has_a_card():
    assert {
        kind: sum((c.track, c.kind) == ("full", kind) for c in cards().values())
        for kind in ("zero_shot", "finetuned", "baseline")
    } == {
        "zero_shot": 196,
        "finetuned": 47,
        "baseline": 127,
    }


def test_a_fine_tuned_card_names_its_parent_and_shares_its_run():
    child = card("vit_base_patch16_clip_224.openai_ft_in1k")
    parent = card(child.parent)
    assert parent.name == "ViT-B-16/openai"
    assert (child.run, child.training_pairs, child.loss) == (parent.run, parent.training_pairs, parent.loss)
    assert child.finetuning == "in1k" and not child.prompts


def test_an_unknown_name_gets_the_nearest_ones():
    with pytest.raises(UnknownName, match="Did you mean ViT-B-32/openai"):
        card("ViT-B-32/opnai")


def test_cards_agree_with_open_clip_on_quickgelu():
    def wanted(card):
        by_tag = open_clip.get_pretrained_cfg(card.architecture, card.weights).get("quick_gelu", False)
        return by_tag or open_clip.get_model_config(card.architecture).get("quick_gelu", False)

    zero_shot = [c for c in cards().values() if c.track == "full" and c.kind == "zero_shot"]
    assert {c.name for c in zero_shot if c.quickgelu != wanted(c)} == set()


@pytest.mark.parametrize(
    ("tag", "expected"), [("openai", True), ("laion400m_e32", True), ("laion2b_s34b_b79k", False)]
)
def test_quickgelu_is_taken_from_the_tag(tag, expected, small_state, monkeypatch):
    """The tag's own configuration decides, on the network itself and in the card."""
    monkeypatch.setattr("clipkit.models.loading.read_weights", lambda path: small_state)
    monkeypatch.setattr(
        "open_clip.get_model_config", lambda name, original=open_clip.get_model_config: original(SMALL)
    )
    monkeypatch.setattr("open_clip.factory.get_model_config", open_clip.get_model_config)
    net, _, _, found = _open_clip(card(f"ViT-B-32/{tag}"), clip_weights(SMALL), None)
    activation = type(net.visual.transformer.resblocks[0].mlp.gelu).__name__
    assert (activation, found.quickgelu) == ("QuickGELU" if expected else "GELU", expected)


def test_quickgelu_must_be_stated_for_a_file():
    with pytest.raises(BadInput, match="does not say whether its weights were trained with QuickGELU"):
        load(SMALL, weights=clip_weights(SMALL))


def test_quickgelu_changes_the_features_and_the_identity():
    images = torch.randn(2, 3, 224, 224, generator=torch.manual_seed(0))
    plain, quick = (load(SMALL, weights=clip_weights(SMALL), quickgelu=q) for q in (False, True))
    assert not torch.allclose(plain.encode_image(images), quick.encode_image(images), atol=1e-4)
    assert plain.card.identity() != quick.card.identity()


def test_a_local_file_is_recorded_as_local_with_its_hash():
    path = clip_weights(SMALL)
    found = load(SMALL, weights=path, quickgelu=False).card
    assert found.name == f"{SMALL}/local:{sha256_of(path)[:8]}" and found.kind == "local"
    assert found.weights_sha256 == sha256_of(path) and found.source == ""
    assert found.logit_scale == pytest.approx(1 / 0.07, rel=1e-5) and found.logit_bias is None
    assert json.loads(found.preprocessing)["interpolation"] == "bicubic"


def test_preprocessing_is_not_guessed_where_the_tags_of_an_architecture_differ():
    with pytest.raises(BadInput, match=r"name ViT-L-14/TAG.*laion2b_s32b_b82k"):
        load("ViT-L-14", weights=clip_weights(SMALL), quickgelu=False)


def test_a_tag_beside_the_file_lends_its_preprocessing_but_not_its_history(monkeypatch):
    monkeypatch.setattr("clipkit.models.loading.load_into", lambda net, state, origin: None)
    found = load("ViT-B-16-SigLIP/webli", weights=clip_weights(SMALL)).card
    assert json.loads(found.preprocessing)["resize_mode"] == "squash"
    assert (found.kind, found.source, found.quickgelu) == ("local", "", False)
    assert found.logit_bias is not None


def test_an_architecture_alone_is_no_model():
    with pytest.raises(BadInput, match="add a tag, one of openai, laion400m_e31"):
        load("ViT-B-32")


class _Malice:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("writer", ["pickle", "torch.save", "torch.save in state_dict"])
def test_a_malicious_pickle_is_refused_and_never_run(writer, tmp_path):
    path, trace = tmp_path / "weights.pt", tmp_path / "trace"
    if writer == "pickle":
        path.write_bytes(pickle.dumps(_Malice(trace)))
    else:
        torch.save(_Malice(trace) if writer == "torch.save" else {"state_dict": {"w": _Malice(trace)}}, path)
    with pytest.raises(BadInput, match=r"cannot be read without running code inside it[^>]*-> .*safetensors"):
        load(SMALL, weights=path, quickgelu=False)
    assert not trace.exists()
    # The file is a real attack: a plain unpickler falls for it.
    torch.load(path, weights_only=False) if writer != "pickle" else pickle.loads(path.read_bytes())
    assert trace.is_dir()


def test_a_torchscript_archive_is_refused(tmp_path):
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "model.pt")
    with pytest.raises(BadInput, match="cannot be read without running code inside it"):
        read_weights(tmp_path / "model.pt")


def test_a_plain_checkpoint_loads_like_safetensors(small_state, tmp_path):
    torch.save(
        {"state_dict": {f"module.{k}": v for k, v in small_state.items()}, "epoch": 3}, tmp_path / "e.pt"
    )
    again = read_weights(tmp_path / "e.pt")
    assert again.keys() == small_state.keys() and all(torch.equal(again[k], small_state[k]) for k in again)


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (
            lambda s: s["text_projection"].__setitem__((0, 0), float("nan")),
            CorruptData,
            "NaN or infinity in text_projection",
        ),
        (lambda s: s.pop("visual.proj"), BadInput, "missing: visual.proj"),
        (lambda s: s.__setitem__("visual.extra", torch.zeros(1)), BadInput, "unexpected: visual.extra"),
        (
            lambda s: s.__setitem__("visual.proj", torch.zeros(2, 2)),
            BadInput,
            r"visual.proj \(2, 2\) instead of \(384, 384\)",
        ),
    ],
    ids=["nan", "missing", "unexpected", "shape"],
)
def test_weights_that_are_wrong_are_refused_by_name(spoil, error, message, small_state, tmp_path):
    state = {key: value.clone() for key, value in small_state.items()}
    spoil(state)
    save_file(state, tmp_path / "wrong.safetensors")
    with pytest.raises(error, match=message):
        load(SMALL, weights=tmp_path / "wrong.safetensors", quickgelu=False)


def test_truncated_and_absent_files_are_named(tmp_path):
    (tmp_path / "cut.safetensors").write_bytes(clip_weights(SMALL).read_bytes()[:1000])
    with pytest.raises(CorruptData, match="cut.safetensors is no readable safetensors file"):
        read_weights(tmp_path / "cut.safetensors")
    with pytest.raises(MissingData, match="no weights file"):
        read_weights(tmp_path / "absent.safetensors")


def test_precision_that_gains_nothing_is_refused():
    with pytest.raises(BadInput, match="precision fp16 gains nothing on this processor"):
        load(SMALL, weights=clip_weights(SMALL), quickgelu=False, device="cpu", precision="fp16")
    with pytest.raises(BadInput, match="unknown precision 'float8'"):
        load(SMALL, weights=clip_weights(SMALL), quickgelu=False, precision="float8")


@pytest.mark.parametrize("architecture", ["vit_tiny_patch16_224", "resnet18", "convnext_atto"])
def test_classifiers_load_through_the_same_interface(architecture):
    model = load(f"timm/{architecture}", weights=timm_weights(architecture), device="cpu")
    images = torch.randn(2, 3, 224, 224, generator=torch.manual_seed(0))
    net = timm.create_model(architecture, pretrained=False).eval()
    net.load_state_dict(load_file(timm_weights(architecture)))
    with torch.inference_mode():
        assert torch.allclose(model.logits(images), net(images), atol=1e-5)
    assert torch.equal(model.head(model.encode_image(images)), model.logits(images))
    with pytest.raises(BadInput, match="has no text tower"):
        model.tokenize(["a dog"])


def test_a_zero_shot_model_has_no_head():
    model = load(SMALL, weights=clip_weights(SMALL), quickgelu=False)
    with pytest.raises(BadInput, match="has no classification head"):
        model.logits(torch.zeros(1, 3, 224, 224))


def test_weights_that_cannot_be_fetched_are_missing_data(monkeypatch):
    def offline(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr("open_clip.download_pretrained", offline)
    with pytest.raises(MissingData, match=r"ViT-B-32/openai are not on this machine.*no route to host"):
        load("ViT-B-32/openai")
