"""Published cue-conflict decisions, one row a trial: three repositories, the same 1,280 stimuli.

rgeirhos/texture-vs-shape has 10 humans and 16 CNNs; bethgelab/model-vs-human has byte-identical copies of the
same humans, which are therefore read only where the first are absent; paulgavrikov/vlm_shapebias has 7 CLIPs
with 3 prompt sets each, 7 ImageNet classifiers and 19 large multimodal models.
"""

import re
from collections.abc import Iterable
from math import nan
from pathlib import Path

import pandas as pd

from clipkit.datasets.cue_conflict import CLASSES, check_complete, parse, stimulus
from clipkit.errors import CorruptData
from clipkit.records.cache import available, paths

HUMANS = "rgeirhos/texture-vs-shape/raw-data/style-transfer-512-nomask-experiment/*_subject-*.csv"
HUMANS_COPY = "bethgelab/model-vs-human/raw-data/cue-conflict/*.csv"
NETWORKS = "rgeirhos/texture-vs-shape/raw-data/style-transfer-512-nomask-experiment/*_[agv]*_session_1.csv"
TRAINED = "rgeirhos/texture-vs-shape/raw-data/style-transfer-512-nomask-experiment-trained-CNNs/*.csv"
VLM_SHAPEBIAS = "paulgavrikov/vlm_shapebias/raw-data/"

PROMPTS = ("None", "CLS", "a photo of a CLS.")
COLUMNS = [
    "source",
    "model",
    "kind",
    "training",
    "prompt",
    "image",
    "shape",
    "texture",
    "agrees",
    "decision",
    "confidence",
]
_UNDECIDED = ("na", "None")
_CLIP = {
    "clip_RN50_openai": "RN50/openai",
    "clip_RN101_openai": "RN101/openai",
    "ViT_L_14_openai": "ViT-L-14/openai",
    "ViT_L_14_336_openai": "ViT-L-14-336/openai",
    "EVA01_g_14_laion400m_s11b_b41k": "EVA01-g-14/laion400m_s11b_b41k",
    "EVA02_E_14_plus_laion2b_s9b_b144k": "EVA02-E-14-plus/laion2b_s9b_b144k",
    "BAAI_EVA_CLIP_8B_448_None": "BAAI/EVA-CLIP-8B-448",
}


def load() -> pd.DataFrame:
    """All trials: 73 combinations of model and prompt × 1,280 stimuli.

    Columns: source (repository); model (unique within kind); kind (human, supervised, zero_shot, finetuned,
    lmm); training (as far as file or folder tells: "Stylized-ImageNet", "Open Images", else ""); prompt
    (zero_shot only, else "": "CLS" is the bare class name, "None" the ensemble of OpenAI's 80 templates);
    image; shape and texture (its classes); agrees (shape = texture: no conflict, leave out); decision (one of
    the 16 classes, NA where undecided, refused or not understood); confidence (of the decision, NaN where
    none was published). Raises MissingData if a file is absent, CorruptData if one has a decision outside the
    16 classes.
    """
    return pd.concat([humans(), networks(), zero_shot(), classifiers(), multimodal()], ignore_index=True)


def humans() -> pd.DataFrame:
    """The ten observers of Geirhos et al. 2019, once each; columns of `load`."""
    files = paths(HUMANS if available(HUMANS) or not available(HUMANS_COPY) else HUMANS_COPY)
    return _stack(_psychophysics(file, "human", re.search(r"subject-\d+", file.name)[0]) for file in files)


def networks() -> pd.DataFrame:
    """CNNs of rgeirhos/texture-vs-shape; columns of `load`.

    Three networks lie in the folder of the human experiment (alexnet, googlenet, vgg). Their decisions differ
    from those of the second folder, so they are kept apart by "-original". "-train-60-epochs" networks were
    trained on Stylized-ImageNet; `oidv2-resnet101` on Open Images.
    """
    original = (
        _psychophysics(file, "supervised", f"{_network(file.name)}-original") for file in paths(NETWORKS)
    )
    trained = (_psychophysics(file, "supervised", _network(file.name)) for file in paths(TRAINED))
    return _stack([*original, *trained])


def zero_shot() -> pd.DataFrame:
    """Seven CLIPs, the 16 class names as text, three prompt sets; columns of `load`."""
    frames = []
    for file in paths(f"{VLM_SHAPEBIAS}clip/*.csv"):
        prompt = next(p for p in PROMPTS if file.stem.endswith("_" + p.replace(" ", "_")))
        name = file.stem.removesuffix("_" + prompt.replace(" ", "_"))
        frames.append(_vlm_shapebias(file, "zero_shot", _CLIP[name], prompt))
    return _stack(frames)


def classifiers() -> pd.DataFrame:
    """Seven ImageNet classifiers, three of them fine-tuned CLIP towers (1000 → 16); columns of `load`.

    timm's "resnet50" and "resnet152" are other weights than those of `networks`: they are called "… (timm)".
    """
    frames = []
    for file in paths(f"{VLM_SHAPEBIAS}inet_classifier/*.csv"):
        kind = "finetuned" if "_clip_" in file.stem else "supervised"
        model = f"{file.stem} (timm)" if file.stem in ("resnet50", "resnet152") else file.stem
        frames.append(_vlm_shapebias(file, kind, model))
    return _stack(frames)


def multimodal() -> pd.DataFrame:
    """19 large multimodal models asked to choose a letter (visual question answering); columns of `load`."""
    return _stack(
        _vlm_shapebias(file, "lmm", re.sub(r"^\d+_\d+_", "", file.stem))
        for file in paths(f"{VLM_SHAPEBIAS}vlm/vqa/*.csv")
    )


def _network(file_name: str) -> str:
    name = re.search(r"experiment_(.+)_session", file_name)[1]
    return name.replace("_", "-")


def _psychophysics(file: Path, kind: str, model: str) -> pd.DataFrame:
    raw = pd.read_csv(file, keep_default_na=False)
    training = (
        "Stylized-ImageNet" if "train-60-epochs" in model else "Open Images" if "oidv2" in model else ""
    )
    source = "rgeirhos/texture-vs-shape"
    frame = _trials(file, raw.imagename, raw.object_response)
    return frame.assign(source=source, model=model, kind=kind, training=training, prompt="", confidence=nan)


def _vlm_shapebias(file: Path, kind: str, model: str, prompt: str = "") -> pd.DataFrame:
    raw = pd.read_csv(file, keep_default_na=False, na_values={"pred_conf": [""]})
    # The multimodal files give every understood answer a confidence of 1, which is none.
    confidence = raw.pred_conf.astype("float64") if "pred_conf" in raw and kind != "lmm" else nan
    source = "paulgavrikov/vlm_shapebias"
    frame = _trials(file, raw.image, raw.pred_label)
    return frame.assign(
        source=source, model=model, kind=kind, training="", prompt=prompt, confidence=confidence
    )


def _trials(file: Path, names: pd.Series, decisions: pd.Series) -> pd.DataFrame:
    check_complete(names)
    decision = decisions.mask(decisions.isin(_UNDECIDED)).astype("string")
    odd = set(decision.dropna()) - set(CLASSES)
    if odd:
        raise CorruptData(f"{file}: decisions outside the 16 classes: {', '.join(sorted(odd))}")
    classes = [parse(name) for name in names]
    frame = pd.DataFrame(classes, columns=["shape", "texture"])
    return frame.assign(
        image=[stimulus(n) for n in names], agrees=frame["shape"] == frame.texture, decision=decision
    )


def _stack(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)[COLUMNS]
