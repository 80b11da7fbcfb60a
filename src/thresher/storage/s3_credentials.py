"""Where the SDK looks for credentials, in words: never what it finds there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from thresher.storage.objects import S3Options

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
CONTAINER = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
FILES = {
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
    "AWS_CONFIG_FILE": "~/.aws/config",
}
WRITE = "`aws configure`, or by hand"
METADATA = "http://169.254.169.254"
#: How the SDK names the places where it finds credentials, and how people do.
PLACES = {
    "env": "the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "shared-credentials-file": "the shared credentials file",
    "config-file": "the shared configuration file",
    "assume-role": "a role that the profile assumes",
    "assume-role-with-web-identity": "a role assumed by AWS_WEB_IDENTITY_TOKEN_FILE",
    "sso": "the profile's single sign-on",
    "login": "the profile's login",
    "custom-process": "the profile's `credential_process`",
    "container-role": "the container's role",
    "iam-role": "the instance's role",
}


def looked_where(options: S3Options) -> str:
    """Say where the SDK looked for credentials, in its order, and what to do.

    Args:
        options: which profile was asked for.
    """
    files = " and ".join(_file(variable, usual) for variable, usual in FILES.items())
    places = [
        f"the environment: {_state(KEYS)}",
        f"{_profile(options)} in {files}",
        f"a container's role: {_state(CONTAINER)}",
        f"an instance's role: {_metadata()}",
    ]
    listed = "\n".join(f"    {place}" for place in places)
    return f"looked in this order in\n{listed}\n  set the variables, or write the profile: {WRITE}"


def found_where(session: Any) -> str:
    """Say where the credentials in use come from."""
    try:
        found = session.get_credentials()
    except Exception:  # noqa: BLE001  # whatever it is, the error that is being told says more
        found = None
    if found is None:
        return "the credentials come from nowhere that the SDK tells"
    return f"the credentials come from {PLACES.get(found.method, str(found.method))}"


def _state(names: tuple[str, ...]) -> str:
    given = [name for name in names if os.environ.get(name)]
    missing = [name for name in names if name not in given]
    if not given:
        return f"{' and '.join(missing)} are not set"
    if not missing:
        return f"{' and '.join(given)} are set"
    return f"{given[0]} is set, and {missing[0]} is not"


def _profile(options: S3Options) -> str:
    name = options.profile or os.environ.get("AWS_PROFILE") or "default"
    return f"the profile `{name}`"


def _file(variable: str, usual: str) -> str:
    path = Path(os.environ.get(variable) or usual).expanduser()
    return f"{path}" if path.is_file() else f"{path} (no such file)"


def _metadata() -> str:
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return "switched off by AWS_EC2_METADATA_DISABLED"
    return f"the metadata service at {METADATA} did not give one"
