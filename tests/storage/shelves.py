"""A prefix on the real S3 server, with plain boto3 beside Thresher, and trees of files."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s3_server import S3Server
from thresher.storage.objects import Location, S3Options
from thresher.storage.s3 import Store

PART = 5 * 2**20


@dataclass(frozen=True)
class Shelf:
    """A prefix on the server, with Thresher's way to it and that of plain boto3."""

    server: S3Server
    options: S3Options
    prefix: str
    client: Any

    @property
    def url(self) -> str:
        return f"s3://{self.server.bucket}/{self.prefix}"

    def store(self, **changed: Any) -> Store:
        return Store(replace(self.options, **changed))

    def stored(self, name: str) -> bytes:
        """Read an object by plain boto3."""
        return self.client.get_object(Bucket=self.server.bucket, Key=self.prefix + name)[
            "Body"
        ].read()

    def head(self, name: str) -> dict[str, Any]:
        return self.client.head_object(
            Bucket=self.server.bucket, Key=self.prefix + name, ChecksumMode="ENABLED"
        )

    def put(self, name: str, body: bytes = b"", **settings: Any) -> str:
        """Store an object by plain boto3; give its URL."""
        self.client.put_object(
            Bucket=self.server.bucket, Key=self.prefix + name, Body=body, **settings
        )
        return self.url + name

    def names(self) -> list[str]:
        """List what is there by plain boto3."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.server.bucket, Prefix=self.prefix
        )
        return [
            entry["Key"][len(self.prefix) :] for page in pages for entry in page.get("Contents", ())
        ]

    def uploads(self) -> list[dict[str, Any]]:
        found = self.client.list_multipart_uploads(Bucket=self.server.bucket, Prefix=self.prefix)
        return found.get("Uploads", [])

    def at(self, name: str) -> Location:
        return Location.parse(self.url + name)


def write_tree(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def read_tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
