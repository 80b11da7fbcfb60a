"""The SDK's session and client, made when they are first needed, with few settings of our own.

Nothing here changes how credentials are found. What is set is what the SDK's defaults make worse:
checksums that Thresher computes anyway, and waits of minutes where a service cannot be reached.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from thresher.errors import CommandError
from thresher.storage.objects import S3Options
from thresher.storage.s3_errors import explained
from thresher.storage.s3_wire import Wire

#: Seconds after which a service that takes no connection is given up.
CONNECT_SECONDS = 5
READ_SECONDS = 60
ATTEMPTS = 4
#: Region that requests are signed for where nothing says one; S3 itself is told by its endpoint.
USUAL_REGION = "us-east-1"


class Service:
    """One S3 service as it was asked for: the SDK's session and client, and a shorter way to it."""

    def __init__(self, options: S3Options) -> None:
        self.options = options
        self._making = threading.Lock()

    def prepare(self) -> None:
        """Make the client, which takes a tenth of a second, while something else is done."""
        self.session  # noqa: B018  # not beside: what it raises is meant for the caller
        threading.Thread(target=self._prepared, name="thresher-s3-client", daemon=True).start()

    def _prepared(self) -> None:
        with suppress(Exception):  # whoever needs it next is told
            self.client  # noqa: B018

    @cached_property
    def session(self) -> Any:
        """The SDK's session, which finds configuration and credentials.

        Raises:
            CommandError: boto3 is not installed.
        """
        try:
            import boto3.session
            import botocore.session
        except ImportError as error:
            raise CommandError(
                "objects are stored by boto3, which is not installed",
                hint="pip install 'thresher[s3]'",
            ) from error
        found = botocore.session.Session(profile=self.options.profile)
        return boto3.session.Session(botocore_session=found)

    @property
    def client(self) -> Any:
        """The SDK's client; all threads of a store share it."""
        with self._making:
            return self._client

    @cached_property
    def _client(self) -> Any:
        from botocore.config import Config

        attempts = self.setting("max_attempts") or ATTEMPTS
        return self.session.client(
            "s3",
            region_name=self.region,
            endpoint_url=self.options.endpoint,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                max_pool_connections=2 * self.options.workers + 2,
                retries={"total_max_attempts": attempts, "mode": "standard"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                tcp_keepalive=True,
                user_agent_extra="thresher",
            ),
        )

    @cached_property
    def wire(self) -> Wire:
        """The shorter way, for requests that carry data."""
        return Wire(self.session, self.client)

    @property
    def region(self) -> str:
        """Region that is asked."""
        return self.options.region or self.setting("region") or USUAL_REGION

    def setting(self, name: str) -> Any:
        """Give a value of the SDK's configuration: its files and variables."""
        # boto3 gives no other way to its configuration.
        return self.session._session.get_config_variable(name)  # noqa: SLF001

    @contextmanager
    def told(self, url: object) -> Iterator[None]:
        """Raise what goes wrong with an object as an error for people."""
        try:
            yield
        except Exception as error:
            if (made := explained(error, str(url), self)) is not None:
                raise made from error
            raise
