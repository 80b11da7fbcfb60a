"""Compressed files: read to the last byte, or refused."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from source_landing import Landing, gzipped, parquet, zipped


def test_gzip_is_read_whatever_is_inside(landing: Landing) -> None:
    landing.put("1.csv.gz", gzipped("a\n1\n"))
    landing.put("2.json.gz", gzipped('[{"a": 2}]'))
    landing.put("3.parquet.gz", gzip.compress(parquet({"a": [3]})))
    assert landing.read().rows == [(1,), (2,), (3,)]


def test_gzip_files_one_after_another_are_one(landing: Landing) -> None:
    landing.put("a.csv.gz", gzipped("a\n1\n") + gzipped("2\n"))
    assert landing.read().rows == [(1,), (2,)]


def damaged(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


LONG = gzip.compress(b"a\n" + b"".join(b"%d\n" % (n * 7919 % 9973) for n in range(9_000)), mtime=0)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LONG[:-4], "cut short"),
        (LONG[:-5000], "cut short"),
        (damaged(LONG, len(LONG) // 2), "damaged"),
        (damaged(LONG, len(LONG) - 6), "CRC check failed"),
        (damaged(LONG, len(LONG) - 1), "damaged"),
        (b"a\n1\n", "it is not a gzip file, though its name ends in `.gz`"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (gzip.compress(b"\x89PNG\r\n", mtime=0), "it is a PNG image, not a CSV file"),
        (LONG + b"garbage", "damaged"),
    ],
)
def test_a_gzip_file_that_is_not_whole_is_refused(
    landing: Landing, content: bytes, told: str
) -> None:
    landing.put("a.csv.gz", content)
    assert told in (landing.refusal().reason or "")


def test_a_compressed_file_without_the_ending_is_told(landing: Landing) -> None:
    landing.put("a.csv", gzipped("a\n1\n"))
    assert landing.refusal().reason == "it is a gzip file, not a CSV file"


def test_members_of_a_zip_file_are_one_unit(landing: Landing) -> None:
    landing.put("a.zip", zipped({"1.csv": "a,b\n1,x\n", "d/2.csv": "b,a\ny,2\n"}))
    reading = landing.read(filename_column="file")
    assert reading.rows == [(1, "x", "a.zip"), (2, "y", "a.zip")]
    assert len(reading.written.records) == 1


def test_what_file_managers_leave_behind_is_no_data(landing: Landing) -> None:
    members = {"__MACOSX/._a.csv": "\0", ".DS_Store": "\0", "folder/": "", "a.csv": "a\n1\n"}
    landing.put("a.csv.zip", zipped(members))
    assert landing.read().rows == [(1,)]


def test_names_in_a_zip_file_are_never_paths(landing: Landing) -> None:
    evil = {"../../evil.csv": "a\n1\n", "/abs/evil.csv": "a\n2\n", "a'[1]*\n.csv": "a\n3\n"}
    landing.put("a.zip", zipped(evil))
    before = set(landing.root.parent.rglob("*evil*"))
    assert landing.read().rows == [(1,), (2,), (3,)]
    assert set(landing.root.parent.rglob("*evil*")) == before == set()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (zipped({}), "the zip file holds no file"),
        (zipped({"folder/": ""}), "the zip file holds no file"),
        (
            zipped({"1.csv": "a\n1\n", "2.csv": "b\n1\n"}),
            "`1.csv` and `2.csv` in the zip file have",
        ),
        (
            zipped({"1.csv": "a\n1\n", "2.csv": "a\n1,2\n"}),
            "`2.csv` in the zip file: the row has 2",
        ),
        (zipped({"1.dat": "x"}), "the ending `.dat` does not tell the format"),
        (zipped({"1.csv": "a\n" + "1\n" * 1000})[:-30], "damaged or cut short"),
        (b"a\n1\n", "it is not a zip file, though its name ends in `.zip`"),
    ],
)
def test_a_broken_zip_file_is_refused(landing: Landing, content: bytes, told: str) -> None:
    landing.put("a.zip", content)
    assert told in (landing.refusal().reason or "")


def test_a_damaged_member_is_refused(landing: Landing) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.csv", "a\n12345\n")
    landing.put("a.zip", buffer.getvalue().replace(b"12345", b"12346"))
    assert "`a.csv` in the zip file is damaged" in (landing.refusal().reason or "")


def test_an_encrypted_member_is_refused(landing: Landing) -> None:
    content = bytearray(zipped({"a.csv": "a\n1\n"}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    landing.put("a.zip", bytes(content))
    record = landing.refusal()
    assert record.reason == "`a.csv` in the zip file is encrypted"


def test_what_was_unpacked_is_gone_after_failure(landing: Landing) -> None:
    landing.put("a.csv.gz", gzipped("a\n1,2\n"))
    landing.refusal()
    assert list(landing.temp.iterdir()) == []
