"""Images in a folder, one sub-folder per class (torchvision's ImageFolder layout), or a flat folder."""

import os
from pathlib import Path

from clipkit.datasets.images import NO_LABEL, ImageDataset
from clipkit.errors import CorruptData, MissingData


class FolderImages(ImageDataset):
    """Every file below `root` is taken for an image; hidden ones (".DS_Store") are not looked at.

    The id is the path relative to `root`, with "/" as separator. The label is the position of the
    first-level folder among the sorted first-level folders; a file directly in `root` has none.
    """

    def __init__(self, root: str | Path):
        self.root = Path(root)
        self.name = self.root.name
        if not self.root.is_dir():
            raise MissingData(f"no folder {self.root}", "check the path")
        self.class_names = tuple(
            sorted(p.name for p in self.root.iterdir() if p.is_dir() and p.name[0] != ".")
        )
        number = {name: i for i, name in enumerate(self.class_names)}
        found = []
        for folder, below, files in os.walk(self.root, followlinks=True):
            below[:] = [name for name in below if name[0] != "."]
            inside = Path(folder).relative_to(self.root)
            label = number[inside.parts[0]] if inside.parts else NO_LABEL
            found += [((inside / name).as_posix(), label) for name in files if name[0] != "."]
        self._set_entries(found)

    def read(self, index: int) -> bytes:
        try:
            return (self.root / self.ids[index]).read_bytes()
        except OSError as error:
            raise CorruptData(f"cannot be read ({error.strerror})") from None
