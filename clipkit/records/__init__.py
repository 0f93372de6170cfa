"""Public records of real models: what others published, verified by checksum and read into tidy frames.

`fetch`, `add`, `verify` fill and check the cache; each module below reads one source. Nothing here downloads
unless `fetch` is called: a loader whose record is absent raises MissingData, and `available` asks beforehand.
"""

from clipkit.records import (
    clip_benchmark,
    imagenetx,
    minderer,
    openclip,
    quba,
    robustbench,
    scaling_laws,
    shape_trials,
    timm_results,
)
from clipkit.records.cache import (
    AddReport,
    FetchReport,
    VerifyReport,
    add,
    available,
    fetch,
    folder,
    manifest,
    missing,
    path,
    paths,
    verify,
)

__all__ = [
    "AddReport",
    "FetchReport",
    "VerifyReport",
    "add",
    "available",
    "clip_benchmark",
    "fetch",
    "folder",
    "imagenetx",
    "manifest",
    "minderer",
    "missing",
    "openclip",
    "path",
    "paths",
    "quba",
    "robustbench",
    "scaling_laws",
    "shape_trials",
    "timm_results",
    "verify",
]
