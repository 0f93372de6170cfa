"""A miniature of the public calibration table: read as it is, refused where it is another, never unpacked to disk."""

import io
import zipfile

import pytest
from typer.testing import CliRunner

from clipkit import download as downloads
from clipkit import records
from clipkit.cli.records import app
from clipkit.errors import CorruptData, MissingData
from clipkit.records import minderer

# The columns and the way of writing of the published table.
HEADER = (
    "index,ModelFamily,ModelName,DatasetName,Metric,MetricKey,MetricValue,use_dataset_labelset,rescaling_method,"
    "rescaling_kwargs,imagenet_error,downstream_error,brier,nll,tau_on_eval_data,corruption_type,severity,RawModelName"
)
ROWS = (
    "0,alexnet,alexnet,imagenet(split='validation[20%:]'),accuracy,accuracy,0.561275,,none,{},0.438725,0.438725,"
    "0.56209,1.923671,1.096196,,,alexnet+none()",
    "1,clip,clip_r50,imagenet_a,\"gce(binning_scheme='adaptive',num_bins=100)\",gce,0.25,True,temperature_scaling,"
    '"{\'beta\': 0.82}",0.4,0.75,0.9,3.1,1.2,,,"clip_r50+temperature_scaling(beta=0.82)"',
)


TEXT = "\n".join([HEADER, *ROWS])


def packed(text=TEXT, member="df_main.csv", **more):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {member: text, **more}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def given(tmp_path, monkeypatch):
    """A function that lays bytes as the table into a folder and returns it; the cache is empty."""
    monkeypatch.setenv("CLIPKIT_CACHE", str(tmp_path / "cache"))

    def lay(data=None, depth="a/b"):
        file = tmp_path / "given" / depth / "df_main_2021_06_15.zip"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(packed() if data is None else data)
        return tmp_path / "given"

    return lay


def taken():
    return sorted(f.name for f in records.folder().rglob("*") if f.is_file())


def test_the_table_is_tidy(given):
    minderer.add(given())
    table = minderer.load()
    assert table.drop(columns="metric").to_dict("records") == [
        {"model": "alexnet", "family": "alexnet", "dataset": "imagenet(split='validation[20%:]')", "scaled": False,
         "own_classes": False, "value": 0.561275, "accuracy": 0.561275, "brier": 0.56209},
        {"model": "clip_r50", "family": "clip", "dataset": "imagenet_a", "scaled": True, "own_classes": True,
         "value": 0.25, "accuracy": 0.25, "brier": 0.9},
    ]  # fmt: skip
    assert table.metric.tolist() == ["accuracy", "gce(binning_scheme='adaptive',num_bins=100)"]


def test_without_the_table_the_remedy_names_both_ways(given):
    with pytest.raises(
        MissingData, match="is not on this machine\n.*--accept-unpinned.*clipkit records add DIR"
    ):
        minderer.load()


def test_what_came_first_is_the_only_one_taken(given):
    first = minderer.add(given())
    assert minderer.add(given()) == first
    with pytest.raises(
        CorruptData, match=f"another table than was taken first: sha256 expected {first}, found"
    ):
        minderer.add(given(packed(HEADER)))
    assert minderer.load().shape == (2, 9)
    file = records.folder() / minderer.NAME
    file.write_bytes(packed(HEADER))
    with pytest.raises(CorruptData, match=f"sha256 expected {first}"):
        minderer.load()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<html>not here</html>", "not a zip file"),
        (packed()[:-30], "not a zip file"),
        (packed(more="x"), "too many values to unpack"),
        (packed("a,b\n1,2"), "do not match columns"),
        (packed(f"{HEADER}\n{ROWS[0].replace('none', 'beta')}"), r"'scaled' holds \['beta'\]"),
        (packed(f"{HEADER}\n{ROWS[0].replace('0.561275', 'high')}"), "high"),
        (packed().replace(b"PK\x01\x02", b"PK\x01\x03"), "Bad magic number"),
    ],
)
def test_what_is_no_such_table_is_refused_and_nothing_is_kept(given, data, text):
    with pytest.raises(CorruptData, match=f"df_main_2021_06_15.zip is not the calibration table: .*{text}"):
        minderer.add(given(data))
    assert taken() == []


def test_a_table_that_unpacks_beyond_the_limit_is_refused(given, monkeypatch):
    monkeypatch.setattr(minderer, "MAX_BYTES", 100)
    with pytest.raises(CorruptData, match="bytes unpacked, 100 allowed"):
        minderer.add(given())


def test_a_name_that_leads_out_of_the_archive_leads_nowhere(given, tmp_path):
    minderer.add(given(packed(member="../../../escaped.csv")))
    assert len(minderer.load()) == 2
    assert not list(tmp_path.rglob("escaped.csv")) and taken() == [
        "df_main_2021_06_15.zip",
        "df_main_2021_06_15.zip.sha256",
    ]


def test_it_comes_from_its_address_only_when_asked_for(given, monkeypatch):
    asked = []

    def get(url, output, *_):
        asked.append(url)
        with open(output, "wb") as file:
            file.write(packed())

    monkeypatch.setattr(downloads, "_Resuming", lambda *_: get)
    fetched = CliRunner().invoke(app, ["fetch", "--accept-unpinned"])
    assert fetched.exit_code == 0 and f"pinned from now on: {minderer.NAME}, sha256 " in fetched.output
    assert asked == [minderer.ADDRESS] and len(minderer.load()) == 2


def test_an_address_out_of_reach_names_the_other_way(given, monkeypatch):
    def get(*_):
        raise downloads.requests.ConnectionError

    monkeypatch.setattr(downloads, "_Resuming", lambda *_: get)
    with pytest.raises(MissingData, match="cannot reach storage.*ConnectionError\n.*clipkit records add DIR"):
        minderer.fetch()


def test_add_takes_it_along_with_the_records(given):
    found = CliRunner().invoke(app, ["add", str(given())])
    assert found.exit_code == 0 and "0 added" in found.output and "taken on trust" in found.output
    assert len(minderer.load()) == 2
