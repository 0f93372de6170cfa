"""Faults of the embedding store: killed writers, full and closed disks, damaged bytes, two writers at once."""

import contextlib
import ctypes
import errno
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import torch
from miniatures import register_tiny, write
from random_models import clip_weights
from tqdm import tqdm

import clipkit.embed
import clipkit.store
from clipkit.datasets.readers import open_images
from clipkit.embed import embed_images
from clipkit.errors import CorruptData
from clipkit.models import load
from clipkit.store import EmbeddingStore
from faults.harness import CONTEXT, Outcome, Typed, fault, in_child, in_children, shell, typed

IMAGES, SHARD, BATCH = 24, 4, 2
KILLS, FLIPS = 10, 100
TRACED = {clipkit.store.__file__, clipkit.embed.__file__}


def photos(folder: Path) -> Path:
    """Twenty-four pictures of three classes."""
    for seed in range(IMAGES):
        write(folder / "photos" / "abc"[seed % 3] / f"{seed:02}.png", seed)
    return folder / "photos"


def embed(weights: Path, images: Path, store: Path, before: Callable = lambda: None) -> str:
    """The embedding run that meets the faults, a random tower and six shards of four images; what the shell says."""
    torch.set_num_threads(1)
    model = load(register_tiny(), weights=weights, quickgelu=False, device="cpu")
    opened = open_images(images)
    before()
    found = embed_images(
        model, opened, EmbeddingStore(store),
        batch_size=BATCH, shard_size=SHARD, workers=0, progress=False,
    )  # fmt: skip
    return said(found.images_embedded)


def said(now: int) -> str:
    """What `clipkit embed` prints of a run that embedded so many of the images."""
    return f"{IMAGES} of {IMAGES} images: {now} embedded now, {IMAGES - now} before"


def embed_typed(weights: Path, images: Path, store: Path) -> Typed:
    """The run taken up, as typed into a shell: the block size of the first run holds."""
    torch.set_num_threads(1)
    return typed(
        "embed", "--model", register_tiny(), "--weights", weights, "--no-quickgelu", "--device", "cpu",
        "--data", images, "--store", store, "--batch-size", BATCH, "--workers", 0,
    )  # fmt: skip


def embed_and_die(weights: Path, images: Path, store: Path, line: int | None) -> int:
    """The run, ended by SIGKILL before it executes its `line`-th line of embed.py and store.py; lines executed."""
    passed = 0

    def trace(frame, event, argument):
        nonlocal passed
        if frame.f_code.co_filename not in TRACED:
            return None
        if event == "line":
            passed += 1
            if passed == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    # A lock between processes would outlive this one.
    tqdm.set_lock(threading.RLock())
    embed(weights, images, store, before=lambda: sys.settrace(trace))
    sys.settrace(None)
    return passed


def files(store: Path) -> dict[str, bytes]:
    """Every file of a store but the recipe, which tells of the first run: its bytes by its path."""
    found = (path for path in store.rglob("*") if path.is_file() and path.name != "recipe.json")
    return {str(path.relative_to(store)): path.read_bytes() for path in found}


def shard_files(store: Path) -> list[Path]:
    return sorted(store.rglob("*.safetensors"))


@fault(
    "store",
    f"SIGKILL at {KILLS} seeded places in the code of a run of {IMAGES} images, each in a store of its own",
)
def killed(folder):
    """A run that is killed."""
    given = clip_weights(register_tiny()), photos(folder)
    status, lines = in_child(embed_and_die, *given, folder / "straight", None)
    assert status == 0
    undisturbed, stored = files(folder / "straight"), []
    for place in random.Random(0).sample(range(1, lines + 1), KILLS):
        store = folder / f"killed-{place}"
        status, _ = in_child(embed_and_die, *given, store, place)
        assert status == -signal.SIGKILL
        stored.append(SHARD * len(shard_files(store)))
        assert in_child(embed, *given, store) == (0, said(IMAGES - stored[-1]))
        assert {name: data for name, data in files(store).items() if not name.endswith(".tmp")} == undisturbed
    return Outcome(
        f"Killed\n{said(IMAGES - sorted(stored)[KILLS // 2])}",
        f"The unfinished shard. The same command goes on (here with the median of what was there), and all {KILLS} "
        "stores end with the bytes of a run that nobody disturbed.",
    )


@contextlib.contextmanager
def small_disk(place: Path):
    """A disk of 16 KiB at `place`, which is full after a recipe and three shards; yields what makes it larger."""
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", place], capture_output=True)
    if mounted.returncode:  # only root may mount
        with mock.patch("clipkit.store.tempfile.mkstemp", side_effect=_five_files()) as made:
            yield lambda: made.configure_mock(side_effect=_MKSTEMP)
        return
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,size=1m", place], check=True)
    finally:
        subprocess.run(["umount", place], check=True)


_MKSTEMP = clipkit.store.tempfile.mkstemp


def _five_files() -> Callable:
    left = iter(range(4))

    def mkstemp(**options):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return _MKSTEMP(**options)

    return mkstemp


@fault("store", "A disk of 16 KiB (tmpfs; where mounting is not allowed, the fifth file is refused)")
def disk_full(folder):
    """A full disk."""
    given = clip_weights(register_tiny()), photos(folder), folder / "disk"
    with small_disk(folder / "disk") as make_larger:
        full = shell(embed, *given)
        assert full.startswith("error:") and not list((folder / "disk").rglob("*.tmp")), full
        kept = SHARD * len(shard_files(folder / "disk"))
        make_larger()
        assert embed(*given) == said(IMAGES - kept)
    return Outcome(full, f"The shard that did not fit. With room again, {kept} of {IMAGES} images are there.")


_CAPABILITIES_V3 = 0x20080522
_OVERRIDE = 0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root passes every lock with them


def bind_to_permissions() -> None:
    """Let this process, even root's, meet the permissions of files as everybody does (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    sets = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    sets[0] &= ~_OVERRIDE
    assert libc.capset(header, sets) == 0


def embed_bound(*given: Path) -> str:
    bind_to_permissions()
    return embed(*given)


def embed_into(weights: Path, images: Path, store: Path) -> str:
    """The run into a store whose every folder is closed to writing."""
    folders = [store, *(path for path in store.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        return in_child(embed_bound, weights, images, store)[1]
    finally:
        for path in folders:
            path.chmod(0o755)


@fault("store", "An empty store whose folder nobody may write, and a full one")
def read_only(folder):
    """A store that is read-only."""
    given = clip_weights(register_tiny()), photos(folder)
    (folder / "store").mkdir()
    refused = embed_into(*given, folder / "store")
    assert refused.startswith("error:")
    embed(*given, folder / "full")
    assert embed_into(*given, folder / "full") == said(0)
    return Outcome(refused, "Nothing: it is known before the tower runs. A store that is full can be read.")


@fault("store", f"One bit turned over at {FLIPS} seeded places of shards and recipe, one after the other")
def flipped_bytes(folder):
    """A flipped bit."""
    given = clip_weights(register_tiny()), photos(folder), folder / "store"
    embed(*given)
    paths = [*shard_files(folder / "store"), *(folder / "store").rglob("recipe.json")]
    sizes = [path.stat().st_size for path in paths]
    model = load(register_tiny(), weights=given[0], quickgelu=False, device="cpu")
    images, store = open_images(given[1]), EmbeddingStore(folder / "store")
    rng = random.Random(0)
    for path in rng.choices(paths, sizes, k=FLIPS):
        whole = path.read_bytes()
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            embed_images(model, images, store, workers=0, progress=False)
        except CorruptData as error:
            assert str(path) in error.problem
        else:
            raise AssertionError(f"a flipped bit of {path} was not seen")
        path.write_bytes(whole)
    return _redo(
        given, paths[1], bytes([damaged[0] ^ 1]) + paths[1].read_bytes()[1:], f"{FLIPS} of {FLIPS} are found"
    )


@fault("store", "A shard cut to half its length")
def truncated_shard(folder):
    """A truncated shard."""
    given = clip_weights(register_tiny()), photos(folder), folder / "store"
    embed(*given)
    path = shard_files(folder / "store")[1]
    return _redo(given, path, path.read_bytes()[: path.stat().st_size // 2], "It is found")


def _redo(given: tuple, path: Path, damaged: bytes, found: str) -> Outcome:
    """Refused with the damage, and with the shard deleted, as the text says, one shard is made anew."""
    whole = path.read_bytes()
    path.write_bytes(damaged)
    end = embed_typed(*given)
    assert end.status == 2
    path.unlink()
    assert embed(*given) == said(SHARD)
    assert path.read_bytes() == whole
    return Outcome(
        end.err, f"That shard. {found}, and {SHARD} of {IMAGES} images are embedded again, to the same bytes."
    )


def embed_together(barrier, *given: Path) -> str:
    barrier.wait()
    return embed(*given)


@fault("store", "Two processes that embed the same images with the same model into one store, at once")
def two_writers(folder):
    """Two runs of the same work."""
    given = clip_weights(register_tiny()), photos(folder)
    call = (CONTEXT.Barrier(2), *given, folder / "store")
    ends = in_children(embed_together, [call, call])
    assert all(status == 0 and text.startswith(f"{IMAGES} of {IMAGES} images: ") for status, text in ends), (
        ends
    )
    assert in_child(embed, *given, folder / "alone") == (0, said(IMAGES))
    assert files(folder / "store") == files(folder / "alone")
    return Outcome(
        f"{IMAGES} of {IMAGES} images",
        "Nothing: one result, the bytes of a lone run. Some images may be embedded twice.",
    )
