"""Which verdicts hang on how one asks: every claim of the pocket track, judged under other prompts."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clipkit.claims.judge import TESTS, Found, find, verdicts_from
from clipkit.claims.ledger import Claim, load
from clipkit.claims.pocket import ON_ANSWERS
from clipkit.claims.verdict import Verdict
from clipkit.errors import CorruptData, MissingData
from clipkit.memo import remember
from clipkit.pocket.prompt_variants import NAMES, SET, TEMPLATE, PromptVariant, prompt_variants
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.outputs import PROMPT_SETS
from clipkit.sections.pocket.prompt_band import FULL, PromptBand, asked_with, zoo_band
from clipkit.sections.pocket.results import results_folder, zoo_results
from clipkit.sections.stored_draws import write_frame

FEWEST = PROMPT_SETS[0]
FACTOR = "test-time prompts"
UNASKED = (*ON_ANSWERS, "D1", "D2", "D3", "O3")
"""Claims that keep their verdicts: language–vision models are asked questions of their own, dense features (D1) and
classifier heads (O3) are asked nothing, and corrupted pictures (D2, D3) were not asked about in other ways."""
COLUMNS = ["kind", "prompts", "id", "verdict", "effect", "low", "high", "p_corrected"]
CLAIMS_FILE = "prompt_claims.parquet"
_REMEDY = "run clipkit pocket band"


def judged_variants() -> list[PromptVariant]:
    """The ways to ask under which claims are judged: sets, other class names, and half of the single templates."""
    found = prompt_variants()
    return [v for v in found if v.kind != TEMPLATE] + [v for v in found if v.kind == TEMPLATE][::2]


def verdicts_under(
    table: MeasuredTable, band: PromptBand, kind: str, prompts: str, kept: Found
) -> list[Verdict]:
    """The claims that can be asked this way, in the ledger's order; p is corrected over all that can be tested.

    Every model with prompts is asked with `prompts` in the place of all templates. But a claim on prompts compares all
    templates with fewer: for it `prompts` stand in the place of the one template, or with B5 of the smallest set.
    About class names and about all templates it says nothing, and is left out. kept: what the tests of the claims
    `UNASKED` find; they have no verdict here, but a part in the correction.
    """
    fewer = kind != NAMES and prompts != FULL
    asked = asked_with(table, band, prompts)
    asked_fewer = asked_with(table, band, prompts, FEWEST) if fewer else table
    tests, shown = {}, []
    for name, claim in asked_claims().items():
        on_prompts = claim.factor == FACTOR
        tests[name] = partial(TESTS["pocket"][name], asked_fewer if on_prompts else asked)
        if fewer or not on_prompts:
            shown.append(name)
    found = find("pocket", tests)
    return verdicts_from("pocket", Found(found.evidence | kept.evidence, found.missing), shown)


def asked_claims() -> dict[str, Claim]:
    """The claims with a pocket test but for those `UNASKED`, in the ledger's order."""
    return {n: claim for n, claim in load().items() if n in TESTS["pocket"] and n not in UNASKED}


def kept_evidence() -> Found:
    """What the tests of the claims `UNASKED` find; remembered."""
    return find("pocket", {name: remember(TESTS["pocket"][name]) for name in UNASKED})


def update_claims(path: Path, jobs: int = 1) -> Iterator[tuple[str, bool]]:
    """Judge all claims under `judged_variants` and write the file; yields each one's name, and whether it was to do.

    Everything is judged anew if the numbers of one model have changed.
    """
    variants = judged_variants()
    if path.is_file() and pq.read_schema(path).metadata.get(b"inputs") == inputs().encode():
        yield from ((variant.name, False) for variant in variants)
        return
    frames = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for variant, frame in zip(variants, pool.map(_judge, variants), strict=True):
            frames.append(frame)
            yield variant.name, True
    write_frame(pd.concat(frames, ignore_index=True), path, inputs=inputs())


def _judge(variant: PromptVariant) -> pd.DataFrame:
    verdicts = verdicts_under(zoo_results(), zoo_band(), variant.kind, variant.name, kept_evidence())
    frame = pd.DataFrame(verdicts).assign(kind=variant.kind, prompts=variant.name)[COLUMNS]
    return frame.astype({column: float for column in COLUMNS[4:]})


def inputs() -> str:
    """Changes with any number of the zoo, asked in the usual way or in another, and with the claims judged together."""
    digest = hashlib.sha256(" ".join(asked_claims()).encode())
    # Two digits: another processor may round otherwise.
    digest.update(" ".join(f"{name} {e.p:.2g}" for name, e in kept_evidence().evidence.items()).encode())
    for frame in (zoo_results().frame, zoo_band().frame):
        digest.update(" ".join(frame.model).encode() + frame["value"].to_numpy(np.float64).tobytes())
    return digest.hexdigest()[:16]


def claims_band() -> pd.DataFrame:
    """Every claim of the zoo under every way to ask, as shipped or as judged here (`read_claims`)."""
    return _read(results_folder().parent / CLAIMS_FILE)


def read_claims(path: Path) -> pd.DataFrame:
    """Columns `COLUMNS`; raises MissingData where there is no file or the zoo has changed since it was written."""
    if not path.is_file():
        raise MissingData("the claims have not been judged under other prompts", _REMEDY)
    try:
        table = pq.read_table(path)
        frame = table.to_pandas()[COLUMNS]
    except (OSError, pa.ArrowException, KeyError) as error:
        raise CorruptData(f"{path} cannot be read: {error}", f"delete it and {_REMEDY}") from None
    if table.schema.metadata[b"inputs"] != inputs().encode():
        raise MissingData("the zoo has changed since the claims were judged under other prompts", _REMEDY)
    return frame


_read = cache(read_claims)


def flips(frame: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row for each claim (index: id): what becomes of its verdict when one asks in another way.

    usual: the verdict as the ledger has it: with all templates, or for a claim on prompts with one against all. A
    column for each set of templates: the verdict with it ("" where there is none). template_verdicts and
    name_verdicts: verdict → number of single templates, or of class names, that lead to it. effect: the usual
    one; least, most: over single templates; same_sign: share of these under which the effect has its usual sign. n:
    single templates. flips: whether any way to ask leads to another verdict. Claims that nothing can test are left out.
    """
    frame = claims_band() if frame is None else frame
    rows = {}
    for name, own in frame.groupby("id", sort=False):
        sets = own[own.kind == SET].set_index("prompts")
        usual = sets.loc[FULL if FULL in sets.index else FEWEST]
        alone, names = own[own.kind == TEMPLATE], own[own.kind == NAMES]
        tested = alone[alone.effect.notna()]
        if own.effect.isna().all():
            continue
        rows[name] = {
            "usual": usual.verdict,
            **{size: sets.verdict.get(size, "") for size in PROMPT_SETS},
            "template_verdicts": alone.verdict.value_counts().to_dict(),
            "name_verdicts": names.verdict.value_counts().to_dict(),
            "effect": usual.effect,
            "least": tested.effect.min(),
            "most": tested.effect.max(),
            "same_sign": (np.sign(tested.effect) == np.sign(usual.effect)).mean(),
            "n": len(alone),
            "flips": bool((own.verdict != usual.verdict).any()),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
