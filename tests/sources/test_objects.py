"""Objects of S3 as input files: read from a real server, known without being read."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import uuid
from pathlib import Path

import pyarrow as pa
import pytest
from source_landing import Landing, parquet, zipped

from thresher.errors import ChangedWhileReadError, CredentialsError, SourceError, TransientError
from thresher.results import Unit, UnitOutcome
from thresher.sources.files import FilesSource
from thresher.sources.objects import Fetching
from thresher.sources.refusals import RefusedError, RefusedFilesError
from thresher.storage.objects import S3Options


class Bucket:
    """A folder of the bucket that one test has to itself, and a landing that reads it."""

    def __init__(self, server, landing: Landing, prefix: str) -> None:
        self.client = server.client()
        self.name = server.bucket
        self.prefix = prefix
        self.landing = landing
        self.requests: list[str] = []
        self.connect(server.endpoint)

    def connect(self, endpoint: str) -> None:
        options = S3Options(endpoint=endpoint)
        source = FilesSource(s3=options, threads=2, memory="1GB", temp=self.landing.temp, hashes={})
        self.landing.source = source

    def put(self, name: str, content: str | bytes) -> str:
        body = content.encode() if isinstance(content, str) else content
        self.client.put_object(Bucket=self.name, Key=self.prefix + name, Body=body)
        return self.url(name)

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=self.prefix + name)

    def url(self, name: str = "*") -> str:
        return f"s3://{self.name}/{self.prefix}{name}"

    def read(self, **settings):
        return self.landing.read(**{"files": self.url(), **settings})

    def units(self, **settings):
        return self.landing.units(**{"files": self.url(), **settings})


@pytest.fixture
def bucket(s3_server, landing, monkeypatch) -> Bucket:
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    return Bucket(s3_server, landing, f"{uuid.uuid4().hex}/")


def test_objects_are_found_by_globs_beside_files(bucket: Bucket) -> None:
    first, second = bucket.put("a.csv", "x\n1\n"), bucket.put("b.csv", "x\n2\n")
    bucket.put("sub/c.csv", "x\n3\n")
    bucket.put("sub/", "")
    bucket.landing.put("local.csv", "x\n4\n")
    reading = bucket.read(files=[bucket.url("*.csv"), "*.csv", first])
    assert [record.unit.path for record in reading.written.records] == ["local.csv", first, second]
    assert reading.rows == [(4,), (1,), (2,)]
    assert [unit.path for unit in bucket.units(files=bucket.url("**/*.csv"))] == [
        *(first, second, bucket.url("sub/c.csv")),
    ]


def test_what_is_read_is_gone_afterwards_unless_a_copy_is_kept(bucket: Bucket) -> None:
    bucket.put("2024/a.csv", "x\n1\n")
    bucket.read(files=bucket.url("**/*.csv"))
    assert list(bucket.landing.root.rglob("*")) == []
    bucket.read(files=bucket.url("**/*.csv"), copy_to="data_raw/from_s3")
    copy = bucket.landing.root / "data_raw/from_s3/2024/a.csv"
    assert copy.read_text() == "x\n1\n"
    assert [each for each in copy.parent.iterdir() if each != copy] == []


def test_every_kind_of_file_is_read(bucket: Bucket) -> None:
    bucket.put("a.csv.gz", gzip.compress(b"x,y\n1,a\n"))
    bucket.put("b.zip", zipped({"one.csv": "x,y\n2,b\n", "two.csv": "x,y\n3,c\n"}))
    bucket.put("c.parquet", parquet(pa.table({"x": [4], "y": ["d"]})))
    bucket.put("d.json", '[{"x": 5, "y": "e"}]')
    expected = [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]
    assert bucket.read().rows == expected
    bucket.put("windows.csv", "x,y\n1,é\n".encode("cp1252"))
    assert bucket.read(files=bucket.url("w*"), encoding="cp1252").rows == [(1, "é")]


def test_odd_keys_are_names_like_others(bucket: Bucket) -> None:
    names = ["it's.csv", "a b+c%20.csv", "line\nbreak.csv", "[1].csv", "ü.csv"]
    for number, name in enumerate(names):
        bucket.put(name, f"x\n{number}\n")
    reading = bucket.read(files=bucket.url("*.csv"), filename_column="file")
    assert sorted(number for number, _ in reading.rows) == list(range(len(names)))
    assert bucket.url("line\\u000abreak.csv") in {path for _, path in reading.rows}


def test_an_object_is_known_by_its_content_and_not_by_its_time(bucket: Bucket) -> None:
    bucket.put("a.csv", "x\n1\n")
    (first,) = bucket.units()
    bucket.put("a.csv", "x\n1\n")
    (again,) = bucket.units()
    bucket.put("a.csv", "x\n2\n")
    (other,) = bucket.units()
    assert first.sha256 == again.sha256 != other.sha256
    assert (first.size, len(first.sha256)) == (4, 64)


def test_finding_reads_nothing(bucket: Bucket, monkeypatch) -> None:
    bucket.put("a.csv", "x\n1\n")
    asked: list[str] = []
    import botocore.client

    call = botocore.client.BaseClient._make_api_call
    monkeypatch.setattr(
        botocore.client.BaseClient,
        "_make_api_call",
        lambda self, name, given: asked.append(name) or call(self, name, given),
    )
    bucket.units()
    assert asked == ["ListObjectsV2"]
    bucket.read()
    assert len(asked) > 2


def test_an_object_that_changes_between_is_told(bucket: Bucket) -> None:
    bucket.put("a.csv", "x\n1\n")
    units = bucket.units()
    bucket.put("a.csv", "x\n2\n")
    with pytest.raises(ChangedWhileReadError, match=r"a\.csv"):
        bucket.read(units=units)
    # Also where the version that was found is not remembered.
    bucket.connect(bucket.landing.source._objects.store.options.endpoint)
    with pytest.raises(ChangedWhileReadError, match=r"a\.csv"):
        bucket.read(units=units)


def test_units_of_another_process_can_be_read(bucket: Bucket) -> None:
    bucket.put("a.csv", "x\n1\n")
    units = bucket.units()
    bucket.connect(bucket.landing.source._objects.store.options.endpoint)
    assert bucket.read(units=units).rows == [(1,)]


def test_an_object_that_vanished_is_refused_and_the_rest_goes_on(bucket: Bucket) -> None:
    bucket.put("a.csv", "x\n1\n")
    gone = bucket.put("b.csv", "x\n2\n")
    units = bucket.units()
    bucket.remove("b.csv")
    with pytest.raises(RefusedFilesError, match="1 of 2 files"):
        bucket.read(units=units)
    reading = bucket.read(units=units, tolerate=1)
    assert reading.rows == [(1,)]
    record = reading.record(gone)
    assert (record.outcome, record.reason) == (UnitOutcome.SET_ASIDE, "the object is gone")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("*.tsv", "no object matches"),
        ("b.csv", "there is no object"),
        ("sub/", "is a folder"),
        ("a.csv/", "is a folder"),
    ],
)
def test_what_stands_for_nothing_is_told(bucket: Bucket, name: str, told: str) -> None:
    bucket.put("a.csv", "x\n1\n")
    with pytest.raises(SourceError, match=told) as caught:
        bucket.units(files=bucket.url(name))
    assert "src/raw/things.yaml (raw.things)" in str(caught.value)


def test_a_name_that_does_not_tell_the_format_is_refused_unread(
    bucket: Bucket,
) -> None:
    bucket.put("a.dat", "x\n1\n")
    with pytest.raises(SourceError, match=r"the ending `\.dat` does not tell the format"):
        bucket.units()
    assert bucket.read(format="csv").rows == [(1,)]


@pytest.mark.parametrize("key", ["../a.csv", "a/../../b.csv", "/a.csv", "..", "//x"])
def test_no_copy_leaves_its_folder(tmp_path: Path, key: str) -> None:
    unit = Unit(f"s3://bucket/raw/{key}", 1, dt.datetime.now(dt.UTC), "0" * 64)
    fetching = Fetching(tmp_path, "raw.things", list, tmp_path / "copies", ("s3://bucket/raw/**",))
    target = fetching.target(1, unit)
    assert isinstance(target, RefusedError)
    assert target.reason == "its key cannot be the name of a copy"


def test_credentials_that_are_refused_keep_their_exit_code(bucket: Bucket, monkeypatch) -> None:
    bucket.put("a.csv", "x\n1\n")
    units = bucket.units()
    endpoint = bucket.landing.source._objects.store.options.endpoint
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    bucket.connect(endpoint)
    for action in (bucket.units, lambda: bucket.read(units=units)):
        with pytest.raises(CredentialsError) as caught:
            action()
        assert caught.value.exit_code == 4
        assert "wrong-secret" not in str(caught.value)
        assert "raw.things" in str(caught.value)


def test_a_service_that_does_not_answer_may_answer_later(bucket: Bucket) -> None:
    bucket.connect("http://127.0.0.1:9")
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:9"):
        bucket.units()


def test_many_objects_are_one_table(bucket: Bucket) -> None:
    for number in range(60):
        bucket.put(f"{number:03d}.csv", f"x\n{number}\n")
    reading = bucket.read(copy_to=str(Path("kept")))
    assert reading.rows == [(number,) for number in range(60)]
    assert len(list((bucket.landing.root / "kept").iterdir())) == 60
