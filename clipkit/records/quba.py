"""The QUBA table (visinf/beyond-accuracy, Apache-2.0), if the reader brings it: `fetch` does not."""

from pathlib import Path

import pandas as pd

from clipkit.errors import BadInput, MissingData

VISION_LANGUAGE = r"clip|siglip|eva0?2?-|mobileclip"


def load(file: str | Path, calibration: bool = False) -> pd.DataFrame:
    """The table as published, with a column `model` required and the calibration columns left out.

    With `calibration=True` they are kept, unless a vision-language model is among the rows: for those the
    published value is no calibration error (the wrapper returns probabilities and the metric applies softmax
    to them again, so that every confidence is near 1/1000). Raises BadInput or MissingData.
    """
    file = Path(file)
    if not file.is_file():
        raise MissingData(
            f"no QUBA table at {file}", "export it as CSV from the project page of beyond-accuracy"
        )
    frame = pd.read_csv(file)
    if "model" not in frame:
        raise BadInput(f"{file} has no column 'model'", f"rename one of {', '.join(frame.columns)}")
    columns = [column for column in frame if "calib" in column.lower()]
    affected = frame.model[frame.model.str.contains(VISION_LANGUAGE, case=False, regex=True)]
    if calibration and columns and len(affected):
        raise BadInput(
            f"{file}: {columns[0]!r} is no calibration error for vision-language models "
            f"(softmax applied twice), here {len(affected)}, such as {affected.iloc[0]}",
            "leave these rows out, or load without calibration",
        )
    return frame if calibration else frame.drop(columns=columns)
