"""A shorter way to S3 for requests that carry data: signed and sent by the SDK, made here.

A call of the SDK's client takes longer in Python than a small object takes on the way, most of it
for what is the same each time: endpoint rules, hooks, validation, and a second hash of the body for
the signature. Here, where an object is and how it is signed is asked once a bucket, and the SHA-256
that is known already signs the body, so that every service that checks signatures checks the body.

The shorter way tries once. Whatever is not a plain success is None, and whoever asked asks the
SDK's client, which tries again, follows redirects, and says what is wrong.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote

from thresher._version import __version__
from thresher.storage.objects import Location

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#: Keys that something between here and the service may take for another path.
_UNSAFE = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)")
#: Buckets that are spoken to in another way.
_SPECIAL = "--x-s3"

Headers = Mapping[str, str]


class Wire:
    """Requests that carry data; may be used by several threads."""

    def __init__(self, session: Any, client: Any) -> None:
        self._session = session
        self._client = client
        self._addresses: dict[str, str] = {}

    def put(
        self, at: Location, body: bytes, sha256: bytes, headers: Headers, *, query: str = ""
    ) -> Headers | None:
        """Send a body, which the service holds against its SHA-256; give its answer's headers."""
        sent = {
            **headers,
            "x-amz-checksum-sha256": base64.b64encode(sha256).decode(),
            "Content-Length": str(len(body)),
        }
        answer = self._send("PUT", at, sent, body=body, sha256=sha256.hex(), query=query)
        if answer is None or answer.status_code != 200:
            return None
        return answer.headers if answer.content is not None else None

    def get(self, at: Location, headers: Headers) -> tuple[Headers, bytes] | None:
        """Fetch a whole object into memory; give the headers and the content."""
        answer = self._send("GET", at, headers)
        if answer is None or answer.status_code != 200:
            return None
        content: bytes = answer.content
        if len(content) != int(answer.headers.get("content-length", -1)):
            return None
        return answer.headers, content

    def stream(self, at: Location, headers: Headers) -> tuple[Headers, Any] | None:
        """Open a range of an object; give the headers, and the SDK's streaming body."""
        from botocore.response import StreamingBody

        answer = self._send("GET", at, headers, stream=True)
        if answer is None:
            return None
        if answer.status_code != 206:
            answer.raw.close()
            return None
        return answer.headers, StreamingBody(answer.raw, answer.headers.get("content-length"))

    def _send(
        self,
        method: str,
        at: Location,
        headers: Headers,
        *,
        body: bytes | None = None,
        sha256: str = EMPTY,
        query: str = "",
        stream: bool = False,
    ) -> Any:
        from botocore.awsrequest import AWSPreparedRequest, AWSRequest
        from botocore.exceptions import BotoCoreError

        # The client's own connections: with its proxies, certificates and waits.
        http = getattr(getattr(self._client, "_endpoint", None), "http_session", None)
        if http is None or at.bucket.endswith(_SPECIAL) or _UNSAFE.search(at.key):
            return None
        url = f"{self._address(at.bucket)}{quote(at.key, safe='/~')}{query}"
        request = AWSRequest(method, url, headers={**headers, "User-Agent": self._agent})
        request.context["sha256"] = sha256
        credentials = self._session.get_credentials().get_frozen_credentials()
        self._signer(credentials, "s3", self._client.meta.region_name).add_auth(request)
        prepared = AWSPreparedRequest(method, url, dict(request.headers.items()), body, stream)
        try:
            return http.send(prepared)
        except BotoCoreError:
            return None

    def _address(self, bucket: str) -> str:
        """Give what the URLs of a bucket's objects begin with, as the SDK's rules say."""
        if bucket not in self._addresses:
            signed = self._client.generate_presigned_url(
                "get_object", Params={"Bucket": bucket, "Key": "k"}
            )
            self._addresses[bucket] = signed.partition("?")[0][:-1]
        return self._addresses[bucket]

    @cached_property
    def _agent(self) -> str:
        from botocore import __version__ as version

        return f"thresher/{__version__} botocore/{version}"

    @cached_property
    def _signer(self) -> Any:
        from botocore.auth import S3SigV4Auth

        class Signer(S3SigV4Auth):  # type: ignore[misc]  # the SDK has no types
            """Signs with the hash of the body that is known already."""

            def payload(self, request: Any) -> str:
                sha256: str = request.context["sha256"]
                return sha256

        return Signer
