"""Whatever way a record comes, it is in the cache with the manifest's bytes or not at all."""

import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pandas as pd
import pytest

from clipkit import download as downloads
from clipkit import records
from clipkit.errors import BadInput, CorruptData, MissingData, UnknownName
from clipkit.records import cache

BODIES = {"owner/repo/a.csv": b"x,y\n1,2\n", "owner/repo/deep/b.csv": b"z" * 100_000}


@pytest.fixture
def server():
    """A host with the two records; `faults` says how often a path is to fail, `asked` what was requested."""
    state = SimpleNamespace(asked=[], faults={}, url=None)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path[1:]
            state.asked.append(name)
            body, fault = BODIES.get(name, b""), state.faults.get(name, "")
            left = fault.split() or [""]
            state.faults[name] = " ".join(left[1:])
            self.send_response({"busy": 503, "gone": 404}.get(left[0], 200))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            served = {"cut": body[: len(body) // 2], "wrong": b"?" * len(body)}
            self.wfile.write(served.get(left[0], body))

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    yield state
    http.shutdown()
    http.server_close()


@pytest.fixture
def small(monkeypatch, tmp_path, server):
    """An empty cache and a manifest of the two records of `server`."""
    rows = [
        dict(path=name, sha256=hashlib.sha256(body).hexdigest(), bytes=len(body), repository="owner/repo",
             commit="c0", url=f"{server.url}/{name}", licence="MIT", what="")
        for name, body in BODIES.items()
    ]  # fmt: skip
    table = pd.DataFrame(rows).set_index("path", drop=False)
    monkeypatch.setattr(cache, "_manifest", lambda: table)
    monkeypatch.setattr(downloads.time, "sleep", lambda _: None)
    monkeypatch.setenv("CLIPKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return table


def lay(folder, **changed):
    """Write the two records under `folder`, with other bytes where `changed` says so."""
    for name, body in BODIES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(changed.get(file.stem, body))
    return folder


def test_the_manifest_pins_every_record_to_a_commit():
    table = records.manifest()
    assert len(table) == 108 and table.path.is_unique
    assert table.bytes.gt(0).all()
    assert table.sha256.str.fullmatch(r"[0-9a-f]{64}").all()
    assert table.commit.str.fullmatch(r"[0-9a-f]{40}").all()
    assert all(row.commit in row.url and row.url.startswith("https://") for row in table.itertuples())
    assert all(
        row.path.startswith(row.repository + "/") and ".." not in row.path.split("/")
        for row in table.itertuples()
    )


def test_fetch_brings_all_and_asks_for_nothing_twice(small, server):
    assert records.missing() == list(BODIES)
    report = records.fetch(progress=False)
    assert (report.fetched, report.already) == (list(BODIES), [])
    assert records.path("owner/repo/a.csv").read_bytes() == BODIES["owner/repo/a.csv"]
    assert records.available()
    assert records.fetch(progress=False).already == list(BODIES)
    assert server.asked == list(BODIES)


def test_fetch_takes_up_an_interrupted_run(small, server):
    records.fetch("*a.csv", progress=False)
    assert records.fetch(progress=False).fetched == ["owner/repo/deep/b.csv"]


@pytest.mark.parametrize("fault", ["busy busy", "wrong", "cut"])
def test_fetch_tries_again(small, server, fault):
    server.faults["owner/repo/deep/b.csv"] = fault
    assert len(records.fetch(progress=False).fetched) == 2


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("gone", MissingData, "does not serve b.csv: 404"),
        ("wrong wrong wrong", CorruptData, "served other bytes than expected"),
        ("cut cut cut", MissingData, "cannot reach 127.0.0.1"),
    ],
)
def test_a_failed_download_leaves_nothing_under_the_final_name(small, server, fault, error, words):
    server.faults["owner/repo/deep/b.csv"] = fault
    with pytest.raises(error, match=words):
        records.fetch(progress=False)
    assert records.missing() == ["owner/repo/deep/b.csv"]
    assert not (records.folder() / "owner/repo/deep/b.csv").exists()


def test_offline_stops_at_the_first_host_not_reached(small, monkeypatch):
    tried = []

    def refuse(url, *_, **__):
        tried.append(url)
        raise downloads.requests.ConnectionError("no route")

    monkeypatch.setattr(downloads.requests, "get", refuse)
    with pytest.raises(MissingData, match=r"cannot reach 127.0.0.1 for a.csv.*\n.*clipkit records add DIR"):
        records.fetch(progress=False)
    assert len(tried) == 1


def test_nothing_is_downloaded_unasked(small, server):
    with pytest.raises(MissingData, match="owner/repo/a.csv is not on this machine\n.*clipkit records fetch"):
        records.path("owner/repo/a.csv")
    with pytest.raises(MissingData, match="2 of 2 records"):
        records.paths()
    assert server.asked == []


@pytest.mark.parametrize("depth", ["", "x", "x/y"])
def test_add_finds_records_at_any_depth(small, tmp_path, depth):
    lay(tmp_path / "given" / depth)
    report = records.add(tmp_path / "given")
    assert (sorted(report.added), report.already, report.missing) == (list(BODIES), [], [])
    assert sorted(records.add(tmp_path / "given").already) == list(BODIES)


def test_add_takes_a_part_and_tells_what_is_missing(small, tmp_path):
    lay(tmp_path / "given")
    (tmp_path / "given/owner/repo/a.csv").unlink()
    report = records.add(tmp_path / "given")
    assert (report.added, report.missing) == (["owner/repo/deep/b.csv"], ["owner/repo/a.csv"])


def test_add_refuses_a_wrong_byte_with_both_hashes(small, tmp_path):
    lay(tmp_path / "given", a=b"x,y\n1,3\n")
    wrong = hashlib.sha256(b"x,y\n1,3\n").hexdigest()
    with pytest.raises(CorruptData, match=f"a.csv: expected {small.sha256.iloc[0]}, found {wrong}"):
        records.add(tmp_path / "given")
    assert records.missing() == ["owner/repo/a.csv"]  # the right one was added, the wrong one is nowhere
    assert [file.name for file in records.folder().rglob("*") if file.is_file()] == ["b.csv"]


def test_add_replaces_a_spoilt_file(small, tmp_path):
    lay(records.folder(), a=b"x,y\n1,3\n")
    assert records.add(lay(tmp_path / "given")).added == ["owner/repo/a.csv"]
    assert records.verify().wrong == []


def test_add_needs_a_folder(tmp_path):
    with pytest.raises(BadInput, match="is not a folder"):
        records.add(tmp_path / "absent")


def test_a_flipped_byte_is_found(small):
    lay(records.folder())
    file = records.path("owner/repo/a.csv")
    stat = file.stat()
    file.write_bytes(b"x,y\n1,3\n")
    with pytest.raises(CorruptData, match="has other bytes than the manifest"):
        records.path("owner/repo/a.csv")
    # with size and time put back only a full verification can see it
    file.write_bytes(BODIES["owner/repo/a.csv"])
    records.path("owner/repo/a.csv")
    file.write_bytes(b"x,y\n1,3\n")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert records.verify().wrong == ["owner/repo/a.csv"]


def test_a_file_of_wrong_size_is_missing_and_unreadable(small):
    lay(records.folder(), a=b"x,y\n")
    assert records.missing() == ["owner/repo/a.csv"]
    for read in (lambda: records.path("owner/repo/a.csv"), records.paths):
        with pytest.raises(CorruptData, match="4 bytes"):
            read()


def test_verify_tells_wrong_from_missing(small):
    lay(records.folder(), a=b"?")
    (records.folder() / "owner/repo/deep/b.csv").unlink()
    report = records.verify()
    assert (report.right, report.wrong, report.missing) == (
        [],
        ["owner/repo/a.csv"],
        ["owner/repo/deep/b.csv"],
    )


def test_unknown_names_are_explained(small):
    with pytest.raises(UnknownName, match="Did you mean owner/repo/a.csv"):
        records.path("owner/repo/A.csv")
    with pytest.raises(UnknownName, match="no public record matches 'nothing\\*'"):
        records.available("nothing*")
