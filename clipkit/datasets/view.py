"""Some images of a data set, with a border cut off if it has one; nothing is read before it is asked for."""

import hashlib
from collections.abc import Sequence

from clipkit.datasets.images import ImageDataset, Sample
from clipkit.errors import BadInput


class View(ImageDataset):
    """The images of `dataset` at positions `rows`, in that order; `border` pixels are cut off at each side."""

    def __init__(self, dataset: ImageDataset, rows: Sequence[int], border: int = 0):
        if not len(rows):
            raise BadInput(
                f"{dataset.name} holds none of the images asked for", "check the path and its layout"
            )
        self.dataset, self.rows, self.border = dataset, list(rows), border
        self.name = dataset.name
        self.ids = [dataset.ids[row] for row in self.rows]
        self.labels = dataset.labels[self.rows]
        self.class_names = dataset.class_names

    def read(self, index: int) -> bytes:
        return self.dataset.read(self.rows[index])

    def __getitem__(self, index: int) -> Sample:
        sample = super().__getitem__(index)
        width, height = sample.image.size
        box = (self.border, self.border, width - self.border, height - self.border)
        return sample._replace(image=sample.image.crop(box))

    @property
    def fingerprint(self) -> str:
        """That of the images, and of the border where one is cut off: the pixels that a tower sees differ."""
        if not self.border:
            return super().fingerprint
        return hashlib.sha256(f"{super().fingerprint} border {self.border}".encode()).hexdigest()
