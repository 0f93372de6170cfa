"""LLaVA 1.5 and 1.6: what is scored is what a plain forward pass says, and what is generated is likeliest."""

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_llava import KINDS, save

from clipkit.errors import BadInput, MissingData
from clipkit.llava import load_llava

QUESTION = "what is this ?"
ANSWERS = ["mug", "tea pot", "bottle"]


@pytest.fixture(scope="module", params=KINDS)
def llava(request, tmp_path_factory):
    return load_llava(save(request.param, tmp_path_factory.mktemp(request.param)))


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (20, 28, 3), dtype=np.uint8)) for _ in range(2)]


def by_hand(llava, image, answer) -> float:
    """One forward pass over image, question and answer, without a cache."""
    given = llava.processor(images=image, text=f"USER: <image> {QUESTION} ASSISTANT:", return_tensors="pt")
    end = llava.processor.tokenizer(f"{answer} </s>", add_special_tokens=False, return_tensors="pt").input_ids
    before = given.pop("input_ids")
    ids = torch.cat([before, end], 1)
    others = {k: v for k, v in given.items() if k != "attention_mask" and k != "mm_token_type_ids"}
    with torch.inference_mode():
        logits = llava.net(input_ids=ids, attention_mask=torch.ones_like(ids), **others).logits
    said = logits[0, before.shape[1] - 1 : -1].log_softmax(-1)
    return float(said.gather(1, end[0][:, None]).sum())


def test_an_answer_is_scored_as_a_forward_pass_scores_it(llava, images):
    found = llava.score(images, [QUESTION] * 2, [ANSWERS, ANSWERS[:2]])
    assert [len(row) for row in found] == [3, 2]
    for image, row in zip(images, found, strict=True):
        expected = [by_hand(llava, image, answer) for answer in ANSWERS[: len(row)]]
        np.testing.assert_allclose(row, expected, rtol=1e-4)
    assert abs(found[0][0] - found[1][0]) > 1e-3, "the image matters"


def test_per_token_divides_by_the_tokens_of_the_answer_and_its_end(llava, images):
    plain, shared = (llava.score(images[:1], [QUESTION], [ANSWERS], per_token=p)[0] for p in (False, True))
    np.testing.assert_allclose(plain / shared, [2, 3, 2], rtol=1e-5)


def test_what_is_generated_is_the_likeliest_of_all_first_words(llava, images):
    words = list(llava.processor.tokenizer.get_vocab())
    spoken = [w for w in words if w not in llava.processor.tokenizer.all_special_tokens]
    llava.max_new_tokens = 1
    said = llava.generate(images, [QUESTION] * 2)
    assert len(said) == 2
    for image, text in zip(images, said, strict=True):
        given = llava._prompt(image, QUESTION)
        with torch.inference_mode():
            first = int(llava.net(**given).logits[0, -1].argmax())
        assert text == llava.processor.tokenizer.decode([first], skip_special_tokens=True)
        assert text in (*spoken, "")


def test_other_models_and_folders_that_do_not_exist_are_refused(tmp_path):
    from transformers import LlamaConfig

    with pytest.raises(MissingData, match="no folder"):
        load_llava(tmp_path / "nowhere")
    LlamaConfig().save_pretrained(tmp_path)
    with pytest.raises(BadInput, match="is a 'llama' model"):
        load_llava(tmp_path)


def test_weights_that_would_run_code_are_not_opened(tmp_path):
    folder = save("llava", tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        load_llava(folder)
