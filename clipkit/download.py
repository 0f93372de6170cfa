"""Downloads: one function, which gives a file its name only once its sha256 was found right."""

import time
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests

from clipkit.errors import CorruptData, MissingData

ATTEMPTS = 3
TIMEOUT = (5, 30)  # seconds to connect, seconds between bytes


def download(url: str, target: Path, sha256: str | None, *, remedy: str, attempts: int = ATTEMPTS) -> None:
    """Bring the file at `url` to `target`, whole and with the right sha256, or not at all.

    sha256: None only where none was ever published; the caller has to pin what comes. `attempts`: how often a host
    that cannot be reached is asked; one that is busy or serves other bytes is asked `ATTEMPTS` times. `remedy`: what
    else the user can do. Raises MissingData (host not reached, or file not there) or CorruptData (other bytes served).
    """
    host = urlsplit(url).hostname
    pooch.get_logger().setLevel("WARNING")
    known = sha256 and f"sha256:{sha256}"
    for attempt in range(1, ATTEMPTS + 1):
        try:
            pooch.retrieve(url, known, target.name, target.parent, downloader=_downloader())
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


def _downloader() -> pooch.HTTPDownloader:
    return pooch.HTTPDownloader(progressbar=False, timeout=TIMEOUT)
