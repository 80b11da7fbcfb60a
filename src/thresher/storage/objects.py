"""Objects as values: where one is, what is known of it, and how the service is spoken to.

Nothing here knows boto3, so that whatever names an object can be imported for free.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from thresher.errors import CommandError

SCHEME = "s3://"
#: Smallest and largest part that S3 takes, but for the last.
SMALLEST_PART, LARGEST_PART = 5 * 2**20, 5 * 2**30
ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")
_ENDPOINT = re.compile(r"https?://[^/@?#]+(/[^@?#]*)?")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """How an S3 service is spoken to; what is not said, the SDK's own configuration says."""

    bucket: str | None = None
    """Bucket of `clean --prefix tmp/` and of whatever else names a key alone."""
    endpoint: str | None = None
    """Address of a service other than AWS, such as `http://127.0.0.1:9000`."""
    region: str | None = None
    profile: str | None = None
    """Profile of the shared configuration files; `AWS_PROFILE` or `default` where None."""
    encryption: str | None = None
    """`AES256`, `aws:kms` or `aws:kms:dsse`; the bucket's own default where None."""
    kms_key: str | None = None
    """Id, alias or ARN of the key for `aws:kms`."""
    storage_class: str | None = None
    """Such as `STANDARD_IA` or `GLACIER_IR`; the service's default where None."""
    workers: int = 8
    """Requests that are under way at the same time."""
    part_size: int = 8 * 2**20
    """Bytes of a part; what is larger than one goes in parts, and can go on where it stopped."""

    def __post_init__(self) -> None:
        if self.encryption is not None and self.encryption not in ENCRYPTIONS:
            raise CommandError(
                f"there is no encryption `{self.encryption}`",
                hint=f"one of {', '.join(f'`{each}`' for each in ENCRYPTIONS)}",
            )
        if self.kms_key and self.encryption in (None, "AES256"):
            raise CommandError(
                "a KMS key was given, but not the encryption that uses it",
                hint="say `aws:kms` as the encryption",
            )
        if self.endpoint is not None and not _ENDPOINT.fullmatch(self.endpoint):
            raise CommandError(
                "the endpoint is not the address of a service",
                hint="write it as `https://s3.example.org` or `http://127.0.0.1:9000`, "
                "without a user and a password",
            )
        if self.workers < 1:
            raise CommandError("there must be at least 1 worker")
        if not SMALLEST_PART <= self.part_size <= LARGEST_PART:
            raise CommandError(
                f"a part of {self.part_size:,} bytes is not possible",
                hint="S3 takes parts of 5 MiB to 5 GiB",
            )


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket, and a key in it: of an object, the beginning of keys, or a glob."""

    bucket: str
    key: str = ""

    @classmethod
    def parse(cls, url: str) -> Location:
        """Read `s3://bucket/key`; the key is taken as it is written, without unescaping.

        Raises:
            CommandError: it is not written so.
        """
        if not is_url(url):
            raise CommandError(
                f"`{url}` is not the URL of an object", hint="write it as `s3://bucket/key`"
            )
        bucket, _, key = url[len(SCHEME) :].partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise CommandError(
                f"`{url}` has no valid bucket: `{bucket}`",
                hint="write it as `s3://bucket/key`; a bucket has letters, digits, `.` and `-`",
            )
        return cls(bucket, key)

    @property
    def name(self) -> str:
        """Last part of the key; empty for a bucket and for a key that ends in `/`."""
        return self.key.rpartition("/")[2]

    @property
    def is_glob(self) -> bool:
        """Whether the key has `*`, `?` or `[`; `[*]` stands for a star itself."""
        return _WILDCARD.search(self.key) is not None

    @property
    def is_folder(self) -> bool:
        """Whether it can only stand for all that is below it."""
        return not self.key or self.key.endswith("/")

    @property
    def fixed(self) -> str:
        """The key up to its first wildcard: what every match begins with."""
        return _WILDCARD.split(self.key, maxsplit=1)[0]

    def below(self, name: str) -> Location:
        """Give the location of a name below this one, taken as a folder."""
        joint = "" if self.is_folder else "/"
        return Location(self.bucket, f"{self.key}{joint}{name}")

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What is known of one object."""

    url: str
    size: int
    """In bytes."""
    modified: datetime
    """In UTC."""
    etag: str
    """Changes with the content; without quotes."""
    sha256: str | None = None
    """SHA-256 of its content in hexadecimal, where the service told one; a list never does."""

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return Location.parse(self.url).key


def is_url(text: str) -> bool:
    """Say whether a text is the URL of an object or of a prefix: it begins with `s3://`."""
    return text[: len(SCHEME)].lower() == SCHEME
