"""Published results of open_clip's models (mlfoundations/open_clip, docs/): 121 checkpoints on 38 data sets.

Two defects of these tables are mended unless `distinct=False`. Weights listed both with and without QuickGELU
keep the row with the activation they were trained with (as the -quickgelu arch where both rows agree). And
`datacomp_s_s13m_b4k` and `commonpool_s_image_s13m_b4k` have identical values in every column, so one label is
wrong; which one the values belong to cannot be told from the record. The latter is dropped.
"""

import pandas as pd

from clipkit import zoo
from clipkit.records.cache import path

DUPLICATE = "ViT-B-32/commonpool_s_image_s13m_b4k"
_ZOO = ["model", "source", "curation", "curated", "tower_family", "tower_kind", "loss", "train_pairs_M",
        "samples_seen_B", "multilingual_text", "adapted", "pool", "run"]  # fmt: skip


def results(distinct: bool = True) -> pd.DataFrame:
    """Zero-shot results on 38 data sets: 112 distinct checkpoints (all 121 rows if `distinct=False`).

    Columns: model ("arch/pretrained"), arch, pretrained, params_M, flops_B, average, one column a data set
    under its published name ("ImageNet 1k", "ImageNet-A", …), fractions; then from `clipkit.zoo.zero_shot`:
    source, curation, curated, tower_family, tower_kind, loss, train_pairs_M, samples_seen_B,
    multilingual_text, adapted, pool, run (a -quickgelu row has the pool of its weights, not "alias").
    "Flickr" and "MSCOCO" are the mean of image and text recall@1; "ImageNet-O" is a 200-way accuracy, not OOD
    detection. Rows of one `run` are not independent.
    """
    return _tidy("openclip_results.csv", distinct)


def classification(distinct: bool = True) -> pd.DataFrame:
    """As `results`, for the 35 classification sets alone, with their own average."""
    return _tidy("openclip_classification_results.csv", distinct)


def retrieval(distinct: bool = True) -> pd.DataFrame:
    """Retrieval: columns of `results` with, for data sets, flickr_image_r1 … coco_text_r10 and winogavil.

    `<set>_image_r<k>` is image retrieval (a caption finds its image among the first k), `<set>_text_r<k>` the
    reverse; fractions, higher is better. winogavil is the mean Jaccard score.
    """
    frame = _tidy("openclip_retrieval_results.csv", distinct)
    sets = {"Flickr": "flickr", "MSCOCO": "coco"}
    names = {
        f"{theirs} {way} retr. R@{k}": f"{ours}_{way}_r{k}"
        for theirs, ours in sets.items() for way in ("image", "text") for k in (1, 5, 10)
    }  # fmt: skip
    frame = frame.rename(columns=names | {"WinoGAViL avg jaccard score": "winogavil"})
    return frame.drop(columns=[column for column in frame if column.startswith("WinoGAViL")])


def multilingual_retrieval() -> pd.DataFrame:
    """Retrieval in many languages, long: model, dataset, direction, k, language, recall (fraction).

    direction is image or text, k is 1, 5 or 10; dataset is crossmodal3600 (36 languages) or
    multilingual_mscoco_captions (11; its "jp" is written "ja" here). The published averages over languages
    are left out.
    """
    wide = pd.read_csv(path(_name("openclip_multilingual_retrieval_results.csv")))
    wide["model"] = wide.model + "/" + wide.version
    long = wide.drop(columns=["avg", "version"]).melt("model", value_name="recall")
    pattern = r"(?P<dataset>\w+) (?P<direction>image|text)_retrieval_recall@(?P<k>\d+) (?P<language>\w+)"
    parts = long.pop("variable").str.extract(pattern)
    long = pd.concat([long[["model"]], parts.astype({"k": "int64"}), long["recall"]], axis=1)
    long["language"] = long.language.replace("jp", "ja")
    return long[long.language != "avg"].reset_index(drop=True)


def profile() -> pd.DataFrame:
    """Size and cost of 85 open_clip architectures: arch, image_size, widths, parameters (M), GFLOPs."""
    return pd.read_csv(path(_name("model_profile.csv"))).rename(columns={"model": "arch"})


def _name(file: str) -> str:
    return f"mlfoundations/open_clip/docs/{file}"


def _tidy(file: str, distinct: bool) -> pd.DataFrame:
    frame = pd.read_csv(path(_name(file)))
    averages = [column for column in frame if column.startswith("Average")]
    frame = frame.rename(
        columns={"name": "arch", "params (M)": "params_M", "FLOPs (B)": "flops_B", averages[0]: "average"}
    )
    frame.insert(0, "model", frame.arch + "/" + frame.pretrained)
    # The zoo calls a -quickgelu arch an alias; what is known of the weights stands at the arch without it.
    frame["weights"] = frame.arch.str.removesuffix("-quickgelu") + "/" + frame.pretrained
    known = zoo.zero_shot()[[*_ZOO, "quickgelu"]].rename(columns={"model": "weights"})
    frame = frame.merge(known, on="weights", how="left", validate="many_to_one")
    if distinct:
        wrong = frame.arch.str.endswith("-quickgelu") != frame.quickgelu
        # False sorts first: the row with the right activation is the one kept.
        kept = frame.assign(wrong=wrong).sort_values("wrong", kind="stable").drop_duplicates("weights")
        frame = frame.loc[sorted(kept.index[kept.model != DUPLICATE])].reset_index(drop=True)
    return frame.drop(columns=["quickgelu", "weights"])
