"""Downloads: one function, which gives a file its name only once its sum was found right."""

import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests
from tqdm.auto import tqdm

from clipkit.errors import CorruptData, MissingData

ATTEMPTS = 3
TIMEOUT = (5, 30)  # seconds to connect, seconds between bytes
BLOCK = 1 << 20


def download(
    url: str,
    target: Path,
    known: str | None,
    *,
    remedy: str,
    attempts: int = ATTEMPTS,
    progress: bool = False,
) -> None:
    """Bring the file at `url` to `target`, whole and with the right sum, or not at all.

    known: its sha256, or another sum as "md5:…"; None only where none was ever published, and then the caller has to
    pin what comes. `attempts`: how often a host that cannot be reached is asked; one that is busy or serves other bytes
    is asked `ATTEMPTS` times. What came of a broken download stays beside the target as NAME.part and is taken up by
    the next, if the host can tell that the file is still the same. `remedy`: what else the user can do. `progress`
    shows a bar. Raises MissingData (host not reached, or file not there) or CorruptData (other bytes served).
    """
    host = urlsplit(url).hostname
    pooch.get_logger().setLevel("WARNING")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            pooch.retrieve(url, known, target.name, target.parent, downloader=_Resuming(target, progress))
            return
        except requests.HTTPError as error:
            if attempt == ATTEMPTS or error.response.status_code < 500:
                raise MissingData(f"{host} does not serve {target.name}: {error}", remedy) from None
        except requests.RequestException as error:
            if attempt >= attempts:
                raise MissingData(
                    f"cannot reach {host} for {target.name}: {type(error).__name__}",
                    f"check the connection and try again (what came is kept), or {remedy}",
                ) from None
        except ValueError as error:  # pooch: the bytes that came have another hash
            if attempt == ATTEMPTS:
                raise CorruptData(f"{url} served other bytes than expected: {error}", remedy) from None
        time.sleep(attempt - 0.5)


class _Resuming:
    """pooch's downloader: asks for what is missing of a part (HTTP Range), for all if the file is another by now."""

    def __init__(self, target: Path, progress: bool):
        self.part = target.with_name(f"{target.name}.part")
        self.stamp = target.with_name(f"{target.name}.part.etag")
        self.bar = {"desc": target.name, "disable": None if progress else True}

    def __call__(self, url: str, output_file: str, _pooch) -> None:
        kept = self.part.stat().st_size if self.part.is_file() and self.stamp.is_file() else 0
        headers = {"Accept-Encoding": "identity"}
        if kept:
            headers |= {"Range": f"bytes={kept}-", "If-Range": self.stamp.read_text()}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            # 416: nothing is missing; the last run ended between the last byte and the sum.
            if not (kept and response.status_code == 416):
                response.raise_for_status()
                self._receive(response, kept if response.status_code == 206 else 0)
        self.stamp.unlink(missing_ok=True)
        os.replace(self.part, output_file)

    def _receive(self, response: requests.Response, kept: int) -> None:
        # A weak ETag does not promise equal bytes.
        stamps = (response.headers.get(name, "W/") for name in ("ETag", "Last-Modified"))
        self.stamp.unlink(missing_ok=True)
        with self.part.open("ab" if kept else "wb") as file:
            if stamp := next((stamp for stamp in stamps if not stamp.startswith("W/")), ""):
                self.stamp.write_text(stamp)
            total = kept + int(response.headers.get("Content-Length", 0)) or None
            with tqdm(total=total, initial=kept, unit="B", unit_scale=True, **self.bar) as bar:
                for block in response.iter_content(BLOCK):
                    file.write(block)
                    bar.update(len(block))
