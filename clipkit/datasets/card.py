"""What is known of a data set before it is read: one frozen card each."""

from dataclasses import dataclass

from clipkit.errors import BadInput
from clipkit.registry import Registry


@dataclass(frozen=True, kw_only=True)
class DatasetCard:
    """One data set: what it is for, how large it must be, where it comes from and how it lies on disk.

    `n_expected` is None where no count has been verified; the number found is then recorded but cannot be
    checked. `fingerprint` pins the content of one copy (`ImageDataset.fingerprint`), "" where none is known.
    """

    name: str
    task: str
    class_names: tuple[str, ...] = ()
    n_expected: int | None = None
    fingerprint: str = ""
    licence: str = ""
    get: str = ""
    layout: str = ""

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


DATASETS: Registry[DatasetCard] = Registry(
    "data set",
    {
        card.name: card
        for card in (
            DatasetCard(
                name="imagenet-val",
                task="classification",
                n_expected=50_000,
                licence="research only, by registration",
                get="image-net.org: ILSVRC2012 validation images",
                layout="<wnid>/ILSVRC2012_val_XXXXXXXX.JPEG",
            ),
            DatasetCard(
                name="cue-conflict",
                task="shape bias",
                n_expected=1_280,
                licence="CC-BY 4.0",
                get="github.com/rgeirhos/texture-vs-shape: stimuli/style-transfer-preprocessed-512",
                layout="<shape class>/<shape><i>-<texture><j>.png",
            ),
            DatasetCard(
                name="ninco",
                task="OOD detection",
                n_expected=5_879,
                licence="mixed; see its repository",
                get="zenodo.org/records/8013288: NINCO_all.tar.gz",
                layout="<class>/<image>",
            ),
        )
    },
)
