"""Nothing in the package runs code from a file, unpacks an archive, or takes bytes on trust; read from its source."""

import ast
from functools import cache
from pathlib import Path

import pytest

import clipkit

PACKAGE = Path(clipkit.__file__).parent
FORBIDDEN = {
    "eval", "exec", "os.system", "os.popen", "marshal.loads", "shelve.open", "pickle.load", "pickle.loads",
    "pickle.Unpickler", "pd.read_pickle", "joblib.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "tempfile.mktemp",
}  # fmt: skip
UNPACKING = {"extract", "extractall", "unpack_archive"}
DOWNLOADING = {
    "retrieve", "urlopen", "urlretrieve", "hf_hub_download", "snapshot_download", "download_pretrained",
    "from_pretrained", "HTTPDownloader", "load_state_dict_from_url",
}  # fmt: skip


@cache
def calls() -> list[tuple[str, str, ast.Call]]:
    """(file, dotted name, call) of every call in the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found.append((path.relative_to(PACKAGE).as_posix(), ast.unparse(node.func), node))
    return found


def options(call: ast.Call) -> dict[str, str]:
    return {option.arg: ast.unparse(option.value) for option in call.keywords if option.arg}


def test_the_package_is_read():
    assert len(calls()) > 5000 and "torch.load" in {name for _, name, _ in calls()}


def test_no_code_from_files_is_run():
    assert [(file, name) for file, name, _ in calls() if name in FORBIDDEN] == []
    assert [file for file, _, call in calls() if options(call).get("shell", "False") != "False"] == []


def test_checkpoints_and_arrays_are_read_without_pickle():
    loads = [(file, name, options(call)) for file, name, call in calls() if name in ("torch.load", "np.load")]
    assert len({file for file, *_ in loads}) >= 3
    for file, name, given in loads:
        assert name != "torch.load" or given.get("weights_only") == "True", file
        assert given.get("allow_pickle", "False") == "False", file


def test_no_archive_is_unpacked():
    unpack = [(file, name) for file, name, _ in calls() if name.rpartition(".")[2] in UNPACKING]
    assert [(file, name) for file, name in unpack if not name.endswith(".str.extract")] == []  # pandas's


def test_downloads_pass_through_the_functions_that_check_them():
    places = {(f, n.rpartition(".")[2]) for f, n, _ in calls() if n.rpartition(".")[2] in DOWNLOADING}
    assert places == {
        ("download.py", "retrieve"),
        ("models/hub.py", "download_pretrained"),
        ("models/hub.py", "hf_hub_download"),
        ("llava.py", "from_pretrained"),
    }
    requests = [(f, n) for f, n, _ in calls() if n.startswith(("requests.", "urllib.", "httpx."))]
    assert requests == [("download.py", "requests.get")]


def test_a_download_has_a_sum_or_is_pinned_when_it_comes():
    sums = {f: ast.unparse(call.args[2]) for f, name, call in calls() if name == "download"}
    assert sums == {
        "records/cache.py": "row.sha256",
        "records/minderer.py": "None",
        "datasets/get.py": "known",
    }


def test_language_models_are_read_from_safetensors_alone():
    nets = [
        call
        for f, n, call in calls()
        if f == "llava.py" and n.startswith("kinds[") and "from_pretrained" in n
    ]
    assert [options(call)["use_safetensors"] for call in nets] == ["True"]
    assert [f for f, _, call in calls() if options(call).get("trust_remote_code", "False") != "False"] == []


@pytest.mark.parametrize("stated", ["right", "wrong", "no sum"])
def test_fetched_weights_must_be_what_the_hub_stated(stated, tmp_path):
    from clipkit.errors import CorruptData
    from clipkit.models.hub import check_fetched
    from clipkit.models.weights import sha256_of

    blob = tmp_path / "x"
    blob.write_bytes(b"weights")
    digest = sha256_of(blob)
    blob = blob.rename(tmp_path / {"right": digest, "wrong": "0" * 64, "no sum": "ViT-B-32.pt"}[stated])
    (tmp_path / "model.safetensors").symlink_to(blob)
    if stated == "wrong":
        with pytest.raises(CorruptData, match=f"sha256 {'0' * 64}, found {digest}"):
            check_fetched(tmp_path / "model.safetensors", digest)
    else:
        check_fetched(tmp_path / "model.safetensors", digest)
