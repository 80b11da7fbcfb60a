"""What S3, the SDK and the network answer when they refuse, as errors for people.

One table of codes and one of the SDK's exceptions; what is not in them is told in the service's own
words. Nothing of a key, a secret or a token is ever part of a message.
"""

from __future__ import annotations

from typing import Any, Protocol

from thresher.errors import (
    ChangedWhileReadError,
    ChecksumError,
    CredentialsError,
    MissingObjectError,
    StorageError,
    ThresherError,
    UnreachableError,
)
from thresher.storage.objects import S3Options
from thresher.storage.s3_credentials import found_where, looked_where

#: What the service says of credentials that it does not take.
REFUSED = {
    "InvalidAccessKeyId": "the service does not know the access key",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
    "InvalidToken": "the session token is not valid",
    "InvalidClientTokenId": "the service does not know the access key",
    "AccessDenied": "these credentials may not do this",
    "AllAccessDisabled": "all access to this is switched off",
    "AccountProblem": "there is a problem with the account",
    "InvalidSecurity": "the credentials are not valid",
    "NotSignedUp": "the account is not signed up for S3",
    "UnauthorizedAccess": "these credentials may not do this",
    "403": "these credentials may not do this",
    "401": "the service wants other credentials",
}
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
ELSEWHERE = {
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "301",
}
BROKEN = {"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"}
BUSY = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"}
CHANGED = {"PreconditionFailed", "412"}
#: The SDK's exceptions, by name: it has more of them than one can import.
NO_CREDENTIALS = {"NoCredentialsError", "NoAuthTokenError"}
BAD_CREDENTIALS = {
    *("PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError"),
    *("MetadataRetrievalError", "SSOError", "SSOTokenLoadError", "UnauthorizedSSOTokenError"),
    *("LoginError", "LoginRefreshRequired", "LoginTokenLoadError", "UnknownCredentialError"),
    *("InvalidConfigError", "InfiniteLoopConfigError", "RefreshWithMFAUnsupportedError"),
}
NETWORK = {
    "EndpointConnectionError": "cannot be reached",
    "ConnectTimeoutError": "does not answer",
    "ReadTimeoutError": "stopped to answer",
    "ConnectionClosedError": "closed the connection",
    "ProxyConnectionError": "cannot be reached by the proxy",
    "ResponseStreamingError": "broke off in the middle",
    "IncompleteReadError": "broke off in the middle",
    "HTTPClientError": "cannot be spoken to",
}
GOES_ON = "the same command goes on where it stopped"


class Asked(Protocol):
    """What errors tell of the service that was asked."""

    @property
    def options(self) -> S3Options:
        """How the service is spoken to."""
        ...

    @property
    def session(self) -> Any:
        """The SDK's session."""
        ...

    @property
    def region(self) -> str:
        """Region that was asked."""
        ...


def explained(error: Exception, url: str, asked: Asked) -> ThresherError | None:
    """Give the error for people of an exception of the SDK; None for any other.

    Args:
        error: what was raised.
        url: what it is about.
        asked: the service.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    case = _Case(error, url, asked)
    if isinstance(error, ClientError):
        found = (rule(case) for rule in _REFUSALS)
        return next((made for made in found if made is not None), None)
    return _failed(case) if isinstance(error, BotoCoreError) else None


def code_of(error: BaseException) -> str:
    """Give the service's code of a refusal, such as `NoSuchKey`; empty for anything else."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


class _Case:
    """One exception, with what is known around it."""

    def __init__(self, error: Any, url: str, asked: Asked) -> None:
        self.error, self.asked, self.options = error, asked, asked.options
        self.own = f"`{url}`"
        self.name = type(error).__name__
        self.plain = str(error).strip().partition("\n")[0].rstrip(".:")
        self.code = code_of(error)
        response = getattr(error, "response", None) or {}
        self.details: dict[str, Any] = response.get("Error", {})
        meta = response.get("ResponseMetadata", {})
        self.status: int = meta.get("HTTPStatusCode", 0)
        self.headers: dict[str, str] = meta.get("HTTPHeaders", {})
        self.said = str(self.details.get("Message", "")).strip().rstrip(".") or self.code


def _failed(case: _Case) -> ThresherError:
    """Tell what the SDK itself, or the network, did not do."""
    looked = looked_where(case.options)
    if case.name == "ProfileNotFound":
        return CredentialsError(
            f"there is no profile `{case.error.kwargs['profile']}`", hint=looked
        )
    if case.name in NO_CREDENTIALS:
        return CredentialsError(f"no credentials for {case.own} were found", hint=looked)
    if case.name in BAD_CREDENTIALS:
        what = f"no credentials for {case.own} could be had: {case.plain}"
        return CredentialsError(what, hint=looked)
    if case.name == "SSLError":
        return StorageError(
            f"{case.own}: {_address(case)} has no certificate that is trusted here",
            hint="name the file of the certificate's authority in AWS_CA_BUNDLE",
        )
    if case.name in NETWORK:
        return UnreachableError(
            f"{case.own}: {_address(case)} {NETWORK[case.name]}",
            hint="look at the network, the endpoint and HTTPS_PROXY; " + GOES_ON,
        )
    return StorageError(f"{case.own}: {case.plain}")


def _expired(case: _Case) -> ThresherError | None:
    if case.code not in EXPIRED:
        return None
    return CredentialsError(
        f"{case.own}: the credentials have expired",
        hint=f"{found_where(case.asked.session)}; get new ones, such as by `aws sso login`",
    )


def _clock(case: _Case) -> ThresherError | None:
    if case.code != "RequestTimeTooSkewed":
        return None
    return StorageError(
        f"{case.own}: the clock of this machine is too far from the service's",
        hint="set the clock, such as by `timedatectl set-ntp true`",
    )


def _elsewhere(case: _Case) -> ThresherError | None:
    region = case.headers.get("x-amz-bucket-region") or case.details.get("Region")
    if case.code not in ELSEWHERE and not (case.code == "400" and region):
        return None
    known = f"in the region `{region}`" if region else "in another region"
    return StorageError(
        f"{case.own}: the bucket is {known}, and `{case.asked.region}` was asked",
        hint=f"say `--region {region or 'NAME'}`, `region:` below `s3:` in config.yaml, "
        "or AWS_REGION",
    )


def _unwanted(case: _Case) -> ThresherError | None:
    if case.code not in REFUSED and case.status not in (401, 403):
        return None
    return CredentialsError(
        f"{case.own}: refused, {REFUSED.get(case.code, case.said)}",
        hint=f"{found_where(case.asked.session)}; `--profile` or AWS_PROFILE chooses others",
    )


def _missing(case: _Case) -> ThresherError | None:
    if case.code == "NoSuchBucket" or (case.code == "404" and case.own.endswith("/`")):
        asked = f"`{case.options.endpoint}`" if case.options.endpoint else "AWS"
        return MissingObjectError(
            f"{case.own}: there is no such bucket",
            hint=f"{asked} was asked; look at the name, `--endpoint` and `--profile`",
        )
    if case.code in ("NoSuchKey", "404"):
        return MissingObjectError(
            f"{case.own}: there is no such object",
            hint="`thresher storage list` shows what there is",
        )
    return None


def _changed(case: _Case) -> ThresherError | None:
    if case.code not in CHANGED:
        return None
    return ChangedWhileReadError(f"{case.own}: the object changed while it was read")


def _broken(case: _Case) -> ThresherError | None:
    if case.code not in BROKEN:
        return None
    return ChecksumError(
        f"{case.own}: the service received something else than was sent, and kept nothing of it",
        hint="did the file change while it was sent? The same command sends it again",
    )


def _busy(case: _Case) -> ThresherError | None:
    if case.code not in BUSY and case.status < 500:
        return None
    return UnreachableError(f"{case.own}: the service cannot do it now: {case.said}", hint=GOES_ON)


def _otherwise(case: _Case) -> ThresherError:
    return StorageError(f"{case.own}: {case.said} ({case.code})")


_REFUSALS = (
    *(_expired, _clock, _elsewhere, _unwanted, _missing),
    *(_changed, _broken, _busy, _otherwise),
)


def _address(case: _Case) -> str:
    at = case.options.endpoint or case.error.kwargs.get("endpoint_url")
    return f"`{str(at).partition('?')[0]}`" if at else "the S3 service"
