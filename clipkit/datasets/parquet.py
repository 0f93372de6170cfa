"""Images inside Parquet files, in the layout of the Hugging Face hub."""

import json
import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
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
            self.class_names = self.class_names or _class_names(file.schema_arrow)
            row = 0
            for group in range(file.num_row_groups):
                columns = ["image.path"] + (["label"] if "label" in file.schema_arrow.names else [])
                table = file.read_row_group(group, columns=columns)
                labels = (
                    table["label"].to_pylist() if "label" in table.column_names else [NO_LABEL] * len(table)
                )
                for inside, (image, label) in enumerate(zip(table["image"].to_pylist(), labels, strict=True)):
                    entries.append(
                        (image["path"] or f"{path.stem}/{row:08d}", NO_LABEL if label is None else label)
                    )
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
            table = _parquet(self.paths[number]).read_row_group(
                group, columns=["image.bytes"], use_threads=False
            )
            found = self._groups[key] = table["image"].combine_chunks().field("bytes")
            while len(self._groups) > GROUPS_KEPT:
                self._groups.popitem(last=False)
        return found

    def __getstate__(self):
        return self.__dict__ | {"_groups": OrderedDict()}


def _parquet(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        raise MissingData(f"no file {path}", "check the path")
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise CorruptData(f"{path} is no complete Parquet file ({error})", "fetch it again") from None
    columns = {field.name: field.type for field in file.schema_arrow}
    kind = columns.get("image")
    if kind is None or not pa.types.is_struct(kind) or {f.name for f in kind} < {"bytes", "path"}:
        raise BadInput(
            f"{path} has no column image with bytes and path (it has {', '.join(columns)})",
            "write it in the Hugging Face image layout",
        )
    return file


def _class_names(schema: pa.Schema) -> tuple[str, ...]:
    info = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    return tuple(info.get("info", {}).get("features", {}).get("label", {}).get("names", ()))
