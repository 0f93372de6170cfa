"""Images in a folder, one sub-folder per class (torchvision's ImageFolder layout), or a flat folder."""

import os
import stat
from pathlib import Path

from clipkit.datasets.images import NO_LABEL, ImageDataset
from clipkit.errors import BadInput, CorruptData, MissingData


class FolderImages(ImageDataset):
    """Every file below `root` is taken for an image; hidden ones (".DS_Store") are not looked at.

    Links are followed, and a linked image has the id of its link.

    The id is the path relative to `root`, with "/" as separator. The label is the position of the
    first-level folder among the sorted first-level folders; a file directly in `root` has none.

    Raises, naming it, MissingData, CorruptData (a folder that cannot be listed) or BadInput (a link to a folder
    above it, whose images would be found again and again).
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
        for folder, below, files in os.walk(self.root, followlinks=True, onerror=_refuse):
            below[:] = [name for name in below if name[0] != "."]
            for name in below:
                _refuse_loop(Path(folder, name))
            inside = Path(folder).relative_to(self.root)
            label = number[inside.parts[0]] if inside.parts else NO_LABEL
            found += [((inside / name).as_posix(), label) for name in files if name[0] != "."]
        self._set_entries(found)

    def read(self, index: int) -> bytes:
        path = self.root / self.ids[index]
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
                raise CorruptData("is a pipe or a device")
            return path.read_bytes()
        except CorruptData:
            raise
        except OSError as error:
            raise CorruptData(f"cannot be read ({error.strerror})") from None


def _refuse(error: OSError) -> None:
    raise CorruptData(
        f"folder {error.filename} cannot be listed ({error.strerror})", "make it readable, or take it away"
    ) from None


def _refuse_loop(folder: Path) -> None:
    if not folder.is_symlink():
        return
    target = folder.resolve()
    if any(above.resolve().is_relative_to(target) for above in folder.parents):
        raise BadInput(f"link {folder} leads back to {target}", "remove the link")
