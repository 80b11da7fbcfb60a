"""Which checksum decides, and that content is held against it: beside hashlib and zlib by hand."""

from __future__ import annotations

import base64
import hashlib
import random
import zlib
from collections.abc import Callable

import pytest

from thresher.storage.checksums import Check, Digester, Recorded

CONTENT = random.Random(3).randbytes(1000)
SIZES = (300, 300, 300, 100)
UNEVEN = (100, 500, 400)


def parts_of(sizes: tuple[int, ...]) -> list[bytes]:
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    return [CONTENT[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def crc32(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sha1(data: bytes) -> bytes:
    return hashlib.sha1(data).digest()


def md5(data: bytes) -> bytes:
    return hashlib.md5(data).digest()


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def composite(hash_: Callable[[bytes], bytes], sizes: tuple[int, ...]) -> bytes:
    return hash_(b"".join(hash_(part) for part in parts_of(sizes)))


WHOLE = {
    "of Thresher": ({"x-amz-meta-sha256": sha256(CONTENT).hex()}, "sha256"),
    "sha256": ({"x-amz-checksum-sha256": text(sha256(CONTENT))}, "sha256"),
    "sha1": ({"x-amz-checksum-sha1": text(sha1(CONTENT))}, "sha1"),
    "crc32": ({"x-amz-checksum-crc32": text(crc32(CONTENT))}, "crc32"),
    "etag": ({"etag": f'"{md5(CONTENT).hex()}"'}, "md5"),
    "the best": (
        {"x-amz-checksum-crc32": text(b"wron"), "x-amz-checksum-sha1": text(sha1(CONTENT))},
        "sha1",
    ),
}
COMPOSITE = {
    "sha256": ({"x-amz-checksum-sha256": text(composite(sha256, SIZES)) + "-4"}, SIZES),
    "crc32": ({"x-amz-checksum-crc32": text(composite(crc32, SIZES)) + "-4"}, SIZES),
    "md5": ({"etag": f'"{composite(md5, SIZES).hex()}-4"'}, SIZES),
    "uneven": ({"x-amz-checksum-sha256": text(composite(sha256, UNEVEN)) + "-3"}, UNEVEN),
}


def recorded(headers: dict[str, str]) -> Recorded:
    return Recorded.of({"content-length": str(len(CONTENT)), **headers})


def digested(check: Check | None, content: bytes, step: int = 77) -> Digester:
    digester = Digester(check)
    for start in range(0, len(content), step):
        digester.update(content[start : start + step])
    return digester


def refuse(count: int) -> None:
    raise AssertionError("the parts were asked for without need")


@pytest.mark.parametrize("name", WHOLE)
def test_a_checksum_of_the_whole_is_held_against_the_content(name: str) -> None:
    headers, told = WHOLE[name]
    check = recorded(headers).check(refuse)
    assert check is not None
    assert str(check) == told
    assert digested(check, CONTENT).matches()
    assert digested(check, CONTENT).sha256 == sha256(CONTENT).hex()
    assert not digested(check, CONTENT[:-1] + b"x").matches()
    assert not digested(check, CONTENT[:-1]).matches()


@pytest.mark.parametrize("step", [1, 77, 300, 1000])
@pytest.mark.parametrize("name", COMPOSITE)
def test_a_checksum_of_parts_is_computed_part_by_part(name: str, step: int) -> None:
    headers, sizes = COMPOSITE[name]
    check = recorded(headers).check(lambda count: sizes if count == len(sizes) else None)
    assert check is not None
    assert str(check).endswith(f"of {len(sizes)} parts")
    assert digested(check, CONTENT, step).matches()
    assert digested(check, CONTENT, step).sha256 == sha256(CONTENT).hex()
    for changed in (CONTENT[:-1] + b"x", b"x" + CONTENT[1:], CONTENT + b"x", CONTENT[:-1]):
        assert not digested(check, changed, step).matches()


@pytest.mark.parametrize("sizes", [None, (), (500, 500), (300, 300, 300, 99)])
def test_parts_that_do_not_add_up_prove_nothing(sizes: tuple[int, ...] | None) -> None:
    headers, _ = COMPOSITE["sha256"]
    assert recorded(headers).check(lambda _: sizes) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"etag": '"not-an-md5"'},
        {"etag": f'"{"0" * 32}"', "x-amz-server-side-encryption": "aws:kms"},
        {"x-amz-checksum-crc64nvme": "AAAAAAAAAAA="},
        {"x-amz-meta-sha256": "of something else"},
    ],
)
def test_what_cannot_be_computed_decides_nothing(headers: dict[str, str]) -> None:
    found = recorded(headers)
    assert found.check(refuse) is None
    assert found.sha256 is None
    assert Digester(None).matches()


def test_an_empty_object_has_a_checksum_too() -> None:
    check = Recorded.of({"x-amz-meta-sha256": sha256(b"").hex()}).check(refuse)
    assert Digester(check).matches()
