"""Images inside Parquet files, in the layout of the Hugging Face hub."""

import json
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clipkit.datasets.images import NO_LABEL, ImageDataset
from clipkit.errors import BadInput, CorruptData, MissingData

GROUPS_KEPT = 4  # row groups held in memory by each process


class ParquetImages(ImageDataset):
    """Rows with a column `image` {bytes, path} and, if there are labels, an integer column `label`.

    The id is the image's path, or, where a row has none, the file's name and the row's number. Class names
    are those in the schema's "huggingface" metadata, if any. Row groups are read one at a time.
    """

    def __init__(self, paths: Sequence[str | Path], name: str = ""):
        self.paths = [Path(path) for path in paths]
        self.name = name or self.paths[0].stem
        self._groups: OrderedDict = OrderedDict()
        entries, places = [], []
        for number, path in enumerate(self.paths):
            file = _parquet(path)
            self.class_names = self.class_names or _class_names(path, file.schema_arrow)
            row = 0
            for group in range(file.num_row_groups):
                columns = ["image.path"] + (["label"] if "label" in file.schema_arrow.names else [])
                for inside, (image, label) in enumerate(_rows(file, path, group, columns)):
                    label = NO_LABEL if label is None else label
                    if label < NO_LABEL or (self.class_names and label >= len(self.class_names)):
                        raise CorruptData(
                            f"{path}, row {row}: label {label}, and {len(self.class_names)} classes are named",
                            "fetch or write it again",
                        )
                    entries.append(((image or {}).get("path") or f"{path.stem}/{row:08d}", label))
                    places.append((number, group, inside))
                    row += 1
        self._places = [places[i] for i in self._set_entries(entries)]

    def read(self, index: int) -> bytes:
        number, group, inside = self._places[index]
        data = self._group(number, group)[inside].as_py()
        if data is None:
            raise CorruptData("is a path without bytes: the Parquet file does not hold the image itself")
        return data

    def _group(self, number: int, group: int) -> pa.ChunkedArray:
        key = (os.getpid(), number, group)
        found = self._groups.get(key)
        if found is None:
            path = self.paths[number]
            table = _row_group(_parquet(path), path, group, ["image.bytes"])
            images = table["image"].combine_chunks()
            found = self._groups[key] = pc.struct_field(images, "bytes")
            while len(self._groups) > GROUPS_KEPT:
                self._groups.popitem(last=False)
        return found

    def __getstate__(self):
        return self.__dict__ | {"_groups": OrderedDict()}


def _row_group(file: pq.ParquetFile, path: Path, group: int, columns: list[str]) -> pa.Table:
    try:
        return file.read_row_group(group, columns=columns, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise CorruptData(f"{path}, row group {group} is damaged ({error})", "fetch it again") from None


def _rows(file: pq.ParquetFile, path: Path, group: int, columns: list[str]) -> Iterator[tuple]:
    """(image, label) of each row of a group, None for what is not there."""
    table = _row_group(file, path, group, columns)
    try:
        images = table["image"].to_pylist()
    except UnicodeDecodeError as error:
        raise CorruptData(
            f"{path}, row group {group}: a path is not UTF-8 ({error})", "write it again"
        ) from None
    labels = table["label"].to_pylist() if "label" in columns else [None] * len(images)
    return zip(images, labels, strict=True)


def _parquet(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        raise MissingData(f"no file {path}", "check the path")
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise CorruptData(f"{path} is no complete Parquet file ({error})", "fetch it again") from None
    columns = {field.name: field.type for field in file.schema_arrow}
    kind = columns.get("image")
    layout = "write it in the Hugging Face image layout"
    if kind is None or not pa.types.is_struct(kind) or not {f.name for f in kind} >= {"bytes", "path"}:
        raise BadInput(
            f"{path} has no column image with bytes and path (it has {', '.join(columns)})", layout
        )
    if not pa.types.is_integer(columns.get("label", pa.int64())):
        raise BadInput(f"{path}: column label holds {columns['label']} instead of whole numbers", layout)
    return file


def _class_names(path: Path, schema: pa.Schema) -> tuple[str, ...]:
    try:
        info = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        return tuple(map(str, info.get("info", {}).get("features", {}).get("label", {}).get("names") or ()))
    except (ValueError, AttributeError, TypeError) as error:
        raise CorruptData(
            f"{path}: its metadata of the Hugging Face hub are unreadable ({error})", "fetch it again"
        ) from None
