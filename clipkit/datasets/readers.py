"""Open images wherever they lie: a folder, tar shards, Parquet files or a rendered set."""

from dataclasses import replace
from pathlib import Path

from clipkit.datasets.card import DatasetCard
from clipkit.datasets.folder import FolderImages
from clipkit.datasets.images import SUFFIXES, ImageDataset, list_corrupt
from clipkit.datasets.misfits import some
from clipkit.datasets.parquet import ParquetImages
from clipkit.datasets.tar import TarImages
from clipkit.errors import BadInput, MissingData


def open_images(
    path: str | Path,
    *,
    card: DatasetCard | None = None,
    n_expected: int | None = None,
    allow_corrupt: bool = False,
) -> ImageDataset:
    """The images at `path`: a folder (of class folders, of *.tar or of *.parquet), a tar or a Parquet file.

    In a folder of shards other files than images (lists, texts) may lie, and are not read.
    "pocket:NAME" or "pocket:NAME/validation" instead of a path is a set of the pocket laboratory.

    The number of images must equal `n_expected` or the card's: fewer *or* more is an error. All bytes are
    read once, for the fingerprint; empty files and files that are no images are found then and named.

    Raises MissingData, BadInput (count, layout) or CorruptData (unless `allow_corrupt`).
    """
    path = Path(path)
    dataset = list_images(path)
    if card:
        dataset.name = card.name
    wanted = card or DatasetCard(name=dataset.name, task="")
    if n_expected is not None:
        wanted = replace(wanted, n_expected=n_expected)
    wanted.check(len(dataset))
    wanted.check(len(dataset), dataset.fingerprint)
    if dataset.scan.corrupt and not allow_corrupt:
        raise list_corrupt(dataset.scan.corrupt, dataset.name)
    return dataset


def list_images(path: Path) -> ImageDataset:
    """The images at `path`, listed but not yet read; for what `path` may be, see `open_images`."""
    if path.as_posix().startswith("pocket:"):
        from clipkit.pocket.images import open_address

        return open_address(path.as_posix())
    if not path.exists():
        raise MissingData(f"nothing at {path}", "check the path; data sets are not downloaded for you")
    kinds = {".tar": TarImages, ".parquet": ParquetImages}
    if path.is_file():
        if path.suffix not in kinds:
            raise BadInput(
                f"{path} is neither a folder nor a .tar or .parquet file", "unpack it, or pack it as one"
            )
        return kinds[path.suffix]([path])
    for suffix, reader in kinds.items():
        shards = sorted(path.glob(f"*{suffix}"))
        if shards:
            _refuse_beside(path, suffix)
            return reader(shards, name=path.name)
    return FolderImages(path)


def _refuse_beside(folder: Path, suffix: str) -> None:
    """Raise BadInput if images lie beside shards, which alone would be read; lists and texts may lie there."""
    read = {".tar", ".parquet", *SUFFIXES} - {suffix}
    seen = (found for found in folder.iterdir() if found.name[0] != ".")
    beside = sorted(found.name for found in seen if found.is_dir() or found.suffix.lower() in read)
    if beside:
        raise BadInput(
            f"{folder} holds {suffix} files, and beside them {some(beside)}, which would not be read",
            "give the two folders of their own",
        )
