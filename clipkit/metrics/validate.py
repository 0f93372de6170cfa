"""Checks that every metric makes on its arguments; each error names the offending thing and the remedy."""

import numpy as np

from clipkit.errors import BadInput

# Softmax in half precision over 1,000 classes misses a sum of one by up to about this much.
SUM_TOLERANCE = 1e-3


def array(name: str, values, ndim: int) -> np.ndarray:
    """`values` as a finite, non-empty float array of `ndim` dimensions.

    float32 and float64 are kept as they are; integers and bools become float64, float16 becomes float32.

    >>> array("logits", [[1, 2]], ndim=2)
    array([[1., 2.]])
    >>> array("logits", [1.0, float("nan")], ndim=1)
    Traceback (most recent call last):
    clipkit.errors.BadInput: logits[1] is nan
      -> find out which sample produced it; metrics take finite numbers only
    """
    found = np.asarray(values)
    if found.dtype.kind not in "biuf":
        raise BadInput(f"{name} has dtype {found.dtype}", "pass real numbers")
    if found.ndim != ndim:
        raise BadInput(f"{name} has shape {found.shape}", f"pass {ndim} dimension{'s' if ndim > 1 else ''}")
    if found.size == 0:
        raise BadInput(f"{name} is empty (shape {found.shape})", "pass at least one sample")
    if found.dtype.kind != "f":
        return found.astype(np.float64)
    if found.dtype == np.float16:
        found = found.astype(np.float32)
    finite = np.isfinite(found)
    if not finite.all():
        where = _first(~finite)
        raise BadInput(
            f"{name}{list(where)} is {found[where]}",
            "find out which sample produced it; metrics take finite numbers only",
        )
    return found


def probabilities(name: str, values) -> np.ndarray:
    """`values` (n, k) as probabilities: not negative, each row sums to one.

    Nothing is guessed: CLIP's cosines lie in [0, 1] too, and they are not probabilities.
    """
    found = array(name, values, ndim=2)
    if found.min() < 0:
        where = _first(found < 0)
        raise BadInput(
            f"{name}{list(where)} is {found[where]:.4g}, a negative probability",
            "turn logits into probabilities with clipkit.metrics.softmax first",
        )
    sums = found.sum(axis=1, dtype=np.float64)
    wrong = np.abs(sums - 1) > SUM_TOLERANCE
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadInput(
            f"row {row} of {name} sums to {sums[row]:.4g}, not to 1",
            "turn logits into probabilities with clipkit.metrics.softmax first",
        )
    return found


def proportions(name: str, values) -> np.ndarray:
    """`values` of any shape as floats in [0, 1]."""
    found = np.asarray(values)
    found = array(name, found, ndim=found.ndim)
    outside = (found < 0) | (found > 1)
    if outside.any():
        raise BadInput(
            f"{name} holds {found[_first(outside)]:.6g}, outside [0, 1]", "divide percentages by 100"
        )
    return found


def class_labels(name: str, values, n_classes: int) -> np.ndarray:
    """`values` (n,) as integer class indices in [0, n_classes)."""
    found = np.asarray(values)
    if found.dtype.kind not in "iu":
        raise BadInput(f"{name} has dtype {found.dtype}", "pass class indices as integers")
    if found.ndim != 1:
        raise BadInput(f"{name} has shape {found.shape}", "pass 1 dimension")
    outside = (found < 0) | (found >= n_classes)
    if outside.any():
        where = _first(outside)[0]
        raise BadInput(
            f"{name}[{where}] is {found[where]}, but there are {n_classes} classes",
            "pass indices that count from 0 into the columns given",
        )
    return found


def categories(**named) -> list[np.ndarray]:
    """Each argument as a 1-D array of labels; all of one kind (integers or text) and of one length.

    >>> categories(predicted=["cat", "dog"], target=["dog", "dog"])[0].tolist()
    ['cat', 'dog']
    >>> categories(predicted=[0, 1], target=["cat", "dog"])
    Traceback (most recent call last):
    clipkit.errors.BadInput: predicted holds integers, target holds text
      -> pass both as names or both as indices
    """
    found = {name: _category(name, values) for name, values in named.items()}
    (first_name, first), *others = found.items()
    for name, values in others:
        if (first.dtype.kind == "U") != (values.dtype.kind == "U"):
            kinds = ["text" if a.dtype.kind == "U" else "integers" for a in (first, values)]
            raise BadInput(
                f"{first_name} holds {kinds[0]}, {name} holds {kinds[1]}",
                "pass both as names or both as indices",
            )
    same_length(**found)
    return list(found.values())


def same_length(**named) -> None:
    """Raise unless all arguments have equally many samples (first dimension)."""
    lengths = {name: len(values) for name, values in named.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise BadInput(f"sample counts differ: {listed}", "pass one entry per sample in each, in one order")


def positive_integer(name: str, value) -> int:
    """`value` as an int of at least 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise BadInput(f"{name} is {value!r}", "pass an integer of at least 1")
    return int(value)


def indices(name: str, values, n: int) -> np.ndarray:
    """`values` as a 1-D, non-empty array of distinct integers in [0, n)."""
    found = class_labels(name, values, n)
    if found.size == 0:
        raise BadInput(f"{name} is empty", "name at least one class")
    unique, counts = np.unique(found, return_counts=True)
    if len(unique) < len(found):
        raise BadInput(f"{name} holds {unique[counts > 1][0]} more than once", "list each class once")
    return found


def _category(name: str, values) -> np.ndarray:
    found = np.asarray(values)
    if found.dtype.kind in "OT" and all(isinstance(v, str) for v in found.flat):
        found = found.astype(str)
    if found.dtype.kind not in "biuU":
        raise BadInput(f"{name} has dtype {found.dtype}", "pass labels as integers or as text, none missing")
    if found.ndim != 1:
        raise BadInput(f"{name} has shape {found.shape}", "pass 1 dimension")
    if found.size == 0:
        raise BadInput(f"{name} is empty", "pass at least one sample")
    return found


def _first(mask: np.ndarray) -> tuple[int, ...]:
    """Index of the first true entry, as plain ints (numpy scalars would clutter the message)."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))
