"""Bootstrap draws that all models share: how often each image of a data set occurs in each resample."""

from hashlib import sha256

import numpy as np

from clipkit.errors import BadInput
from clipkit.stats.units import BLOCK, check_options, units_of

# Half of each raw 64-bit number picks a unit.
_BITS = np.uint64(32)


def shared_counts(name: str, n: int, draws: int = 1000, clusters=None) -> np.ndarray:
    """How often each of the `n` images of a data set occurs in each bootstrap resample: (draws, n) int16.

    name: the data set's; other names give independent counts, so give sets that share no image names of
    their own (AUROC: ID and OOD), and one name to what is to be resampled together. clusters: (n,) labels of
    images that are drawn whole, such as the pairs of a counterfactual set. Rows sum to n; with clusters of
    unequal size, to the sizes of the drawn ones. For a subset of the images, take its columns.

    The bytes depend on nothing but the arguments: the seed is the sha256 of the name, and units are picked
    from the raw stream of PCG64, which numpy keeps as it is, other than its samplers. Fewer draws are
    the first ones of many.
    Raises BadInput for an empty name, fewer than two units, or labels of another length.

    >>> counts = shared_counts("wild", 4, draws=1000)
    >>> counts.shape, counts.sum(axis=1).tolist() == [4] * 1000
    ((1000, 4), True)

    Data sets that share their scenes are drawn together by joining their labels; the columns part them:

    >>> scenes = {"before": ["a", "b", "c"], "after": ["a", "c"]}
    >>> joined = shared_counts("counterfactual", 5, clusters=scenes["before"] + scenes["after"])
    >>> before, after = np.split(joined, [3], axis=1)
    >>> bool((before[:, [0, 2]] == after).all())
    True
    """
    if not isinstance(name, str) or not name:
        raise BadInput(f"name is {name!r}", "give the data set's name: the draws follow from it")
    check_options(draws)
    units = units_of(n, clusters)
    stream = np.random.PCG64(int.from_bytes(sha256(name.encode()).digest(), "big"))
    counts = np.empty((draws, units.count), np.int16)
    block = max(1, BLOCK // units.count)
    for start in range(0, draws, block):
        rows = counts[start : start + block]
        # Scaling leaves a bias of units / 2^32 at most: one in a million for 4,000 images.
        drawn = (stream.random_raw(rows.shape) >> _BITS) * np.uint64(units.count) >> _BITS
        flat = drawn.astype(np.int64) + np.arange(len(rows))[:, None] * units.count
        rows[:] = np.bincount(flat.ravel(), minlength=rows.size).reshape(rows.shape)
    return counts if clusters is None else counts[:, units.of_row]
