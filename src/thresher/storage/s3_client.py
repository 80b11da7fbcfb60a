"""The client of boto3: made once a store, with the SDK's own configuration and few own settings.

Nothing here changes how credentials are found. What is set is what the SDK's defaults make worse:
checksums that Thresher computes anyway, and waits of minutes where a service cannot be reached.
"""

from __future__ import annotations

from typing import Any

from thresher.errors import CommandError
from thresher.storage.objects import S3Options

#: Seconds after which a service that takes no connection is given up.
CONNECT_SECONDS = 5
READ_SECONDS = 60
ATTEMPTS = 4


def open_session(options: S3Options) -> Any:
    """Open the SDK's session, which finds configuration and credentials.

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
    inner = botocore.session.Session(profile=options.profile)
    return boto3.session.Session(botocore_session=inner, region_name=options.region)


def make_client(session: Any, options: S3Options) -> Any:
    """Make a client for S3; one is shared by all threads of a store."""
    from botocore.config import Config

    known = session._session  # noqa: SLF001  # boto3 gives no other way to its configuration
    attempts = known.get_config_variable("max_attempts") or ATTEMPTS
    settings = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=options.workers + 2,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        tcp_keepalive=True,
        user_agent_extra="thresher",
    )
    region = options.region or known.get_config_variable("region") or "us-east-1"
    return session.client("s3", region_name=region, endpoint_url=options.endpoint, config=settings)
