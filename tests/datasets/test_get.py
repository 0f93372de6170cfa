"""Benchmarks are downloaded whole, resumed, verified and unpacked in their place, or it is said how they are had."""

import hashlib
import io
import tarfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from miniatures import build
from typer.testing import CliRunner

from clipkit import download as downloads
from clipkit.cli import datasets as commands
from clipkit.datasets import get
from clipkit.datasets.benchmarks import DATASETS
from clipkit.datasets.get import SOURCES, File, Source, get_benchmark
from clipkit.errors import BadInput, CorruptData, MissingData, UnknownName

NAME = "textures.tar.gz"


@pytest.fixture
def server(monkeypatch):
    """A host of `bodies` that knows ranges; `cut` says how many bytes of a name come before the line breaks, once."""
    state = SimpleNamespace(bodies={}, asked=[], cut={}, etag='"1"')

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name, header = self.path[1:], self.headers.get("Range", "")
            body = state.bodies[name]
            start = int(header.removeprefix("bytes=").rstrip("-") or 0)
            start = start if self.headers.get("If-Range") == state.etag else 0
            state.asked.append((name, start))
            self.send_response(416 if 0 < len(body) == start else 206 if start else 200)
            self.send_header("ETag", state.etag)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            self.wfile.write(body[start : start + state.cut.pop(name, len(body))])

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    monkeypatch.setattr(downloads.time, "sleep", lambda _: None)
    monkeypatch.setattr(downloads, "BLOCK", 1024)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield state
    http.shutdown()
    http.server_close()


def tar_of(folder):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)
    return buffer.getvalue()


def tar_with(name, kind=tarfile.REGTYPE):
    """A tar.gz of one image and one member more."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for called, type_ in (("dtd/images/banded/a.jpg", tarfile.REGTYPE), (name, kind)):
            member = tarfile.TarInfo(called)
            member.type, member.linkname, member.size = type_, "/etc/passwd", 3 * (type_ == tarfile.REGTYPE)
            archive.addfile(member, io.BytesIO(b"abc"))
    return buffer.getvalue()


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def serve(server, monkeypatch):
    """Make a benchmark's source these files of the server, the first with this sum."""

    def serve(benchmark, bodies, sum="", **how):
        server.bodies |= bodies
        files = [File(f"{server.url}/{name}", *((sum, "its authors") if sum else ())) for name in bodies]
        monkeypatch.setitem(get.SOURCES, benchmark, Source("https://example.org/page", tuple(files), **how))

    return serve


@pytest.fixture
def textures(serve, tmp_path):
    """The miniature of a benchmark as its archive, without a published sum; the bytes."""
    body = tar_of(build(tmp_path / "made", "textures"))
    serve("textures", {NAME: body})
    return body


def run(*words):
    return CliRunner().invoke(commands.app, [str(word) for word in words])


def sha256(body):
    return hashlib.sha256(body).hexdigest()


def test_every_benchmark_has_a_source_that_is_open_or_says_why_not():
    assert SOURCES.keys() == DATASETS.keys()
    for name, source in SOURCES.items():
        assert bool(source.files) != bool(source.closed), name
        assert source.page.startswith("https://")
        for file in source.files:
            kind, _, digest = file.sum.partition(":")
            assert (kind, len(digest)) in {("", 0), ("md5", 32), ("sha256", 64)}
            assert bool(file.sum) == bool(file.stated_by) and len({f.name for f in source.files}) > 0
            assert file.url.startswith(
                ("https://", "http://pages.cs.wisc.edu/", "http://images.cocodataset.org/")
            )


def test_get_downloads_unpacks_checks_and_says_what_it_trusted(textures, server, tmp_path):
    root = tmp_path / "benchmarks"
    ended = run("get", "textures", "--to", root)
    assert ended.exit_code == 0, ended.output
    archive = root / "archives/textures" / NAME
    told = ended.output.replace("\n", " ")
    assert (
        f"nobody publishes a checksum of {NAME}; sha256 {sha256(textures)} is kept in {archive}.sha256"
        in told
    )
    assert f"textures: right, 6 images in {root}/dtd/images" in told
    assert archive.read_bytes() == textures and server.asked == [(NAME, 0)]
    assert sorted(path.name for path in root.iterdir()) == ["archives", "dtd"]
    assert sorted(path.name for path in archive.parent.iterdir()) == [NAME, f"{NAME}.sha256"]
    again = run("get", "textures", "--to", root)
    assert again.exit_code == 0 and f"textures is in {root} already" in again.output
    assert server.asked == [(NAME, 0)]


def test_what_came_first_is_asked_of_later_downloads(textures, server, tmp_path):
    ((archive, digest),) = get_benchmark("textures", tmp_path, progress=False).trusted
    assert digest == sha256(textures)
    (tmp_path / "dtd").rename(tmp_path / "before")
    assert get_benchmark("textures", tmp_path, progress=False).trusted == ()
    assert len(server.asked) == 1  # unpacked again without a network
    (tmp_path / "dtd").rename(tmp_path / "before 2")
    archive.write_bytes(b"another")
    with pytest.raises(CorruptData, match=rf"other bytes than expected: sha256:{digest} as it was at first"):
        get_benchmark("textures", tmp_path, progress=False)
    archive.unlink()
    server.bodies[NAME] = tar_with("dtd/images/banded/b.jpg")
    with pytest.raises(CorruptData, match=f"{NAME} served other bytes than expected"):
        get_benchmark("textures", tmp_path, progress=False)
    assert not archive.exists() and not (tmp_path / "dtd").exists()


def test_of_two_at_once_one_downloads_and_both_succeed(textures, server, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(lambda _: get_benchmark("textures", tmp_path), range(2)))
    assert sorted(len(each.archives) for each in got) == [0, 1]
    assert server.asked == [(NAME, 0)]


@pytest.mark.parametrize("kind", ["md5", "sha256"])
@pytest.mark.parametrize("right", [True, False])
def test_a_stated_sum_decides(kind, right, textures, serve, tmp_path):
    digest = getattr(hashlib, kind)(textures if right else b"other").hexdigest()
    serve("textures", {NAME: textures}, sum=f"{kind}:{digest}")
    folder = tmp_path / "archives/textures"
    if right:
        assert get_benchmark("textures", tmp_path, progress=False).trusted == ()
        assert [path.name for path in folder.iterdir()] == [NAME] and (tmp_path / "dtd").is_dir()
        return
    with pytest.raises(
        CorruptData, match=r"served other bytes than expected.*\n.*see https://example.org/page"
    ):
        get_benchmark("textures", tmp_path, progress=False)
    assert list(folder.iterdir()) == [] and not (tmp_path / "dtd").exists()


def test_a_broken_download_goes_on_where_it_broke(textures, server, tmp_path):
    server.cut[NAME] = 2048
    get_benchmark("textures", tmp_path, progress=False)
    assert server.asked == [(NAME, 0), (NAME, 2048)]
    assert (tmp_path / "archives/textures" / NAME).read_bytes() == textures


def part_of(body, tmp_path, etag):
    folder = tmp_path / "archives/textures"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.part").write_bytes(body)
    (folder / f"{NAME}.part.etag").write_text(etag)


@pytest.mark.parametrize(("kept", "etag", "asked"), [(100, '"1"', 100), (None, '"1"', None), (100, '"0"', 0)])
def test_a_part_is_taken_up_by_another_run_unless_the_file_changed(
    kept, etag, asked, textures, server, tmp_path
):
    """None: all bytes had come, and only the sum was missing."""
    part_of(textures[:kept] if etag == '"1"' else b"?" * kept, tmp_path, etag)
    get_benchmark("textures", tmp_path, progress=False)
    assert server.asked == [(NAME, len(textures) if asked is None else asked)]
    assert (tmp_path / "archives/textures" / NAME).read_bytes() == textures
    assert not list((tmp_path / "archives/textures").glob("*.part*"))


def test_a_file_that_its_host_does_not_identify_comes_anew(textures, server, tmp_path):
    server.etag, server.cut[NAME] = 'W/"1"', 2048
    get_benchmark("textures", tmp_path, progress=False)
    assert server.asked == [(NAME, 0), (NAME, 0)]


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("../outside.jpg", tarfile.REGTYPE, "would lie outside"),
        ("dtd/../../outside.jpg", tarfile.REGTYPE, "would lie outside"),
        ("/tmp/outside.jpg", tarfile.REGTYPE, "would lie outside"),
        ("dtd/passwd.jpg", tarfile.SYMTYPE, "is a link or a device"),
        ("dtd/passwd.jpg", tarfile.LNKTYPE, "is a link or a device"),
        ("dtd/pipe.jpg", tarfile.FIFOTYPE, "is a link or a device"),
    ],
)
def test_an_archive_that_reaches_out_is_refused_whole(name, kind, words, serve, tmp_path):
    serve("textures", {NAME: tar_with(name, kind)})
    with pytest.raises(CorruptData, match=f"'{name}' {words}.*, so nothing was unpacked"):
        get_benchmark("textures", tmp_path / "root", progress=False)
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["archives"]
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


@pytest.mark.parametrize("name", ["../outside.jpg", "/tmp/outside.jpg", "..\\outside.jpg"])
def test_so_is_a_zip(name, serve, tmp_path):
    serve("textures", {"textures.zip": zip_of({"dtd/images/a.jpg": b"abc", name: b"abc"})})
    with pytest.raises(CorruptData, match="would lie outside of its folder"):
        get_benchmark("textures", tmp_path / "root", progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["root"] and not (tmp_path / "root/dtd").exists()


@pytest.mark.parametrize("damage", ["cut", "no archive"])
@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_a_damaged_archive_leaves_nothing_unpacked(kind, damage, serve, tmp_path):
    whole = tar_with("dtd/images/b.jpg") if kind == "tar.gz" else zip_of({"dtd/images/a.jpg": b"abc" * 99})
    serve(
        "textures", {f"textures.{kind}": whole[: len(whole) // 2] if damage == "cut" else b"<html>no</html>"}
    )
    with pytest.raises(
        CorruptData, match=rf"textures.{kind} cannot be unpacked: .*\n  -> delete .*textures.{kind}"
    ):
        get_benchmark("textures", tmp_path, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["archives"]
    assert not list((tmp_path / "archives/textures").glob("*.sha256"))  # its sum is not trusted


def test_several_files_go_below_one_folder_and_captions_are_copied(serve, tmp_path):
    made = build(tmp_path / "made", "coco") / "coco"
    images = {f"val2014/{path.name}": path.read_bytes() for path in (made / "val2014").iterdir()}
    captions = {"coco_test_karpathy.json": (made / "coco_test_karpathy.json").read_bytes()}
    serve("coco", {"val2014.zip": zip_of(images)} | captions, into="coco")
    ended = run("get", "coco", "--to", tmp_path / "root")
    assert ended.exit_code == 0 and "coco: right, 6 images" in ended.output, ended.output


def test_one_folder_of_an_archive_is_kept_and_what_is_wrong_with_it_is_told(serve, tmp_path):
    inside = "release-1/stimuli/style-transfer-preprocessed-512"
    image = (build(tmp_path / "made", "cue-conflict") / "style-transfer-preprocessed-512/bear").iterdir()
    files = {f"{inside}/bear/{path.name}": path.read_bytes() for path in image} | {"release-1/README": "x"}
    serve("cue-conflict", {"release.zip": zip_of(files)}, take=inside)
    root = tmp_path / "root"
    ended = run("get", "cue-conflict", "--to", root)
    assert (
        ended.exit_code == 1
        and "cue-conflict: wrong, in" in ended.output
        and "1,280 expected" in ended.output
    )
    assert sorted(path.name for path in root.iterdir()) == ["archives", "style-transfer-preprocessed-512"]


def test_what_is_in_the_way_stays(textures, tmp_path):
    (tmp_path / "dtd").write_text("mine")
    with pytest.raises(BadInput, match="dtd is in the way\n  -> move it"):
        get_benchmark("textures", tmp_path, progress=False)
    assert (tmp_path / "dtd").read_text() == "mine" and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", [name for name, source in SOURCES.items() if source.closed])
def test_what_is_not_open_is_explained(name, tmp_path):
    with pytest.raises(MissingData) as caught:
        get_benchmark(name, tmp_path)
    card, source, said = DATASETS[name], SOURCES[name], str(caught.value)
    assert f"{name} is not downloaded for you: {source.closed}" in said
    assert f"get it at {source.page} (licence: {card.licence})" in said
    assert f"lay it out below {tmp_path} as {card.layout}" in said
    assert said.endswith(f"then run: clipkit datasets check {tmp_path} {name}")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_name_is_met_with_a_near_one(tmp_path):
    with pytest.raises(UnknownName, match="unknown data set 'flickr'\n  -> Did you mean flickr30k"):
        get_benchmark("flickr", tmp_path)


def test_a_host_that_is_not_there_is_named_with_what_to_do(textures, server, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise downloads.requests.ConnectionError("no route")

    monkeypatch.setattr(downloads.requests, "get", refuse)
    with pytest.raises(
        MissingData, match=rf"cannot reach 127.0.0.1 for {NAME}.*\n.*lay {NAME} into .*archives/textures"
    ):
        get_benchmark("textures", tmp_path, progress=False)
