"""What is known of a data set before it is read: one frozen card each."""

from dataclasses import dataclass

from clipkit.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class DatasetCard:
    """One data set: what it is for, how large it must be, where it comes from and how it lies on disk.

    `n_expected` counts images, or what `ImageDataset.counted` says. It is None where no count has been verified;
    the number found is then recorded but cannot be checked, and `note` may say what is believed.
    `fingerprint` pins the content of one copy
    (`ImageDataset.fingerprint`), "" where none is known.

    `classes` names the classes (`clipkit.datasets.classes.class_set`), "" where images belong to none that a
    model knows; logits are restricted to them before any softmax. `names` says which file names are known
    ("imagenet-val", "cue-conflict"). `places` are the paths below a folder of data sets where a release unpacks to,
    `captions` the file of captions in there. With `partial`, folders of other classes are passed over. `border`:
    pixels to cut off at each side. `corruptions`: folders that are read, each with five severities.
    `n_about` is how many images a model is given, as far as is believed: for plans alone, never checked.
    """

    name: str
    task: str
    class_names: tuple[str, ...] = ()
    n_expected: int | None = None
    n_about: int | None = None
    fingerprint: str = ""
    licence: str = ""
    get: str = ""
    layout: str = ""
    note: str = ""
    classes: str = ""
    names: str = ""
    places: tuple[str, ...] = ()
    captions: str = ""
    partial: bool = False
    border: int = 0
    corruptions: tuple[str, ...] = ()

    def check(self, n_found: int, fingerprint: str = "") -> None:
        """Raise BadInput unless the count, and the fingerprint where both are known, are as expected.

        >>> DatasetCard(name="tiny", task="classification", n_expected=3).check(2)
        Traceback (most recent call last):
        clipkit.errors.BadInput: tiny: 2 images found, 3 expected
          -> complete the copy, or state the number meant (n_expected, --n-expected)
        """
        if self.n_expected is not None and n_found != self.n_expected:
            raise BadInput(
                f"{self.name}: {n_found} images found, {self.n_expected} expected",
                "complete the copy, or state the number meant (n_expected, --n-expected)",
            )
        if self.fingerprint and fingerprint and fingerprint != self.fingerprint:
            raise BadInput(
                f"{self.name}: content {fingerprint[:12]} found, {self.fingerprint[:12]} expected",
                "fetch the data again: an image, a name or a label differs",
            )
