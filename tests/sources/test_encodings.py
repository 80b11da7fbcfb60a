"""Encodings: what is not UTF-8 is rewritten, or told with the byte that gives it away."""

from __future__ import annotations

import pytest
from source_landing import Landing, zipped

TEXT = "a,b\n1,café\n2,żółw\n3,日本\n"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", TEXT),
        ("utf-8-sig", TEXT),
        ("utf-16", TEXT),
        ("utf-16-le", TEXT),
        ("utf-32", TEXT),
        ("gb18030", TEXT),
        ("windows-1252", "a,b\n1,café €\n"),
        ("latin-1", "a,b\n1,café\n"),
        ("cp1250", "a,b\n1,żółw\n"),
        ("shift_jis", "a,b\n1,日本表\n"),
        ("cp037", "a,b\n1,café\n"),
    ],
)
def test_text_is_the_same_in_every_encoding(landing: Landing, encoding: str, text: str) -> None:
    landing.put("a.csv", text.encode(encoding))
    expected = [(int(line[0]), line[2:]) for line in text.splitlines()[1:]]
    assert landing.read(encoding=encoding).rows == expected


def test_other_formats_have_encodings_too(landing: Landing) -> None:
    landing.put("1.json", '[{"a": "café"}]'.encode("latin-1"))
    landing.put("2.zip", zipped({"x.csv": "a\nétude\n".encode("latin-1")}))
    assert landing.read(encoding="latin-1").rows == [("café",), ("étude",)]


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson"])
def test_the_first_byte_that_is_not_utf8_is_told(landing: Landing, name: str) -> None:
    lines = ["a,b", "1,x"] if name == "a.csv" else ['{"a": 1}', '{"a": 2}']
    start = "".join(f"{line}\n" for line in lines).encode()
    landing.put(name, start + lines[1].encode()[:-1] + b"\xe9\n")
    record = landing.refusal()
    position = len(start) + len(lines[1])
    assert record.reason == f"it is not `utf-8`: byte {position} is 0xe9"
    assert record.hint == "say what it is written in, such as `encoding: windows-1252`"
    assert record.line == 3


def test_a_byte_far_into_the_file_is_told(landing: Landing) -> None:
    rows = "ü,1\n" * 600_000
    landing.put("a.csv", b"a,b\n" + rows.encode() + b"\xff,1\n")
    record = landing.refusal()
    assert record.reason == f"it is not `utf-8`: byte {4 + 5 * 600_000 + 1:,} is 0xff"
    assert record.line == 600_002


@pytest.mark.parametrize(
    ("content", "encoding", "told"),
    [
        (b"a,b\xe9\n1,2\n", "utf-8", "byte 4 is 0xe9"),
        (b"a,b\n1,\x81\n", "windows-1252", "it is not `windows-1252`: byte 7 is 0x81"),
        (b"a,b\n1,2\n", "utf-16", "it is not text in `utf-16`"),
        ("a,b\n1,2\n".encode("utf-16"), "utf-8", "it is UTF-16, not UTF-8"),
    ],
)
def test_the_wrong_encoding_is_told(
    landing: Landing, content: bytes, encoding: str, told: str
) -> None:
    landing.put("a.csv", content)
    assert told in (landing.refusal(encoding=encoding).reason or "")
