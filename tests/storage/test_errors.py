"""Each refusal in one plain message: by the real server, and by one that answers as S3 does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from shelves import Shelf

from s3_server import ADMIN, READER
from thresher.errors import (
    ChecksumError,
    CredentialsError,
    MissingObjectError,
    StorageError,
    ThresherError,
    UnreachableError,
)
from thresher.storage.objects import S3Options
from thresher.storage.s3 import Store

WRONG = "secret-that-is-wrong"


def refusal(store: Store, url: str) -> ThresherError:
    with pytest.raises(ThresherError) as raised:
        list(store.list(url))
    return raised.value


@contextmanager
def answering(
    status: int, body: str, headers: dict[str, str] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Start a server that gives one answer to everything; give its address and what it is asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            content = b"" if self.command == "HEAD" else body.encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = answer  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def fault(code: str, more: str = "") -> str:
    return f"<Error><Code>{code}</Code><Message>In the service's words.</Message>{more}</Error>"


def test_a_secret_that_is_wrong_is_refused(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", WRONG)
    error = refusal(shelf.store(), shelf.url)
    assert isinstance(error, CredentialsError)
    assert str(error) == (
        f"`{shelf.url}`: refused, the secret key does not belong to the access key\n"
        "  hint: the credentials come from the environment variables AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY; `--profile` or AWS_PROFILE chooses others"
    )
    assert error.exit_code == 4


def test_a_key_that_nobody_knows_is_refused(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    error = refusal(shelf.store(), shelf.url)
    assert isinstance(error, CredentialsError)
    assert "the service does not know the access key" in str(error)


@pytest.mark.parametrize("action", ["put", "get", "put_all"])
def test_every_action_says_the_same(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, action: str
) -> None:
    url = shelf.put("a", b"1")
    (tmp_path / "x").write_bytes(b"1")
    (tmp_path / "y").write_bytes(b"1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", WRONG)
    store = shelf.store()
    calls = {
        "put": lambda: store.put(tmp_path / "x", url),
        "put_all": lambda: store.put_all([tmp_path], shelf.url),
        "get": lambda: store.get(url, tmp_path / "z"),
    }
    with pytest.raises(CredentialsError, match="the secret key does not belong") as raised:
        calls[action]()
    assert WRONG not in str(raised.value)


def test_who_may_only_read_cannot_write(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in shelf.server.environment(READER).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "a").write_bytes(b"1")
    with pytest.raises(CredentialsError, match="these credentials may not do this"):
        shelf.store().put(tmp_path / "a", shelf.url)


def test_a_clock_that_is_wrong_is_told_as_that(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datetime as dt

    import botocore.auth

    now = dt.datetime.now(dt.UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: now - dt.timedelta(hours=2))
    error = refusal(shelf.store(), shelf.url)
    assert type(error) is StorageError
    assert "the clock of this machine is too far from the service's" in str(error)


def nothing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_no_credentials_are_told_with_every_place(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nothing(monkeypatch, tmp_path)
    error = refusal(shelf.store(), shelf.url)
    assert isinstance(error, CredentialsError)
    files = (tmp_path / "credentials", tmp_path / "config")
    kinds = ("RELATIVE", "FULL")
    variables = [f"AWS_CONTAINER_CREDENTIALS_{kind}_URI" for kind in kinds]
    assert str(error).splitlines() == [
        f"no credentials for `{shelf.url}` were found",
        "  hint: looked in this order in",
        "    the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
        f"    the profile `default` in {files[0]} (no such file) and {files[1]} (no such file)",
        f"    a container's role: {' and '.join(variables)} are not set",
        "    an instance's role: switched off by AWS_EC2_METADATA_DISABLED",
        "  set the variables, or write the profile: `aws configure`, or by hand",
    ]


def test_half_of_the_credentials_are_told_as_half(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nothing(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHALF")
    error = refusal(shelf.store(), shelf.url)
    assert isinstance(error, CredentialsError)
    assert "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not" in str(error)
    assert "AKIAHALF" not in str(error)


def test_a_profile_that_is_not_there_is_told(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nothing(monkeypatch, tmp_path)
    error = refusal(shelf.store(profile="nobody"), shelf.url)
    assert isinstance(error, CredentialsError)
    assert "there is no profile `nobody`" in str(error)
    assert f"the profile `nobody` in {tmp_path}/credentials (no such file)" in str(error)


def test_a_profile_is_taken_from_the_shared_file(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nothing(monkeypatch, tmp_path)
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id={ADMIN[0]}\naws_secret_access_key={WRONG}\n"
        f"[work]\naws_access_key_id={ADMIN[0]}\naws_secret_access_key={ADMIN[1]}\n"
    )
    assert list(shelf.store(profile="work").list(shelf.url)) == []
    error = refusal(shelf.store(), shelf.url)
    assert "the credentials come from the shared credentials file" in str(error)
    assert WRONG not in str(error)


def test_the_role_of_a_container_is_found(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nothing(monkeypatch, tmp_path)
    keys = {
        "AccessKeyId": ADMIN[0],
        "SecretAccessKey": ADMIN[1],
        "Token": "",
        "Expiration": "2099-01-01T00:00:00Z",
    }
    with answering(200, json.dumps(keys)) as (address, asked):
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{address}/role")
        assert list(shelf.store().list(shelf.url)) == []
    assert asked == ["GET /role"]


def test_no_bucket_and_no_object(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    for call in (
        lambda: list(shelf.store().list("s3://nobody/x")),
        lambda: shelf.store().put(tmp_path / "a", "s3://nobody/x"),
        lambda: shelf.store().put_all([tmp_path], "s3://nobody/x/"),
    ):
        with pytest.raises(MissingObjectError, match="there is no such bucket") as raised:
            call()
        assert f"`{shelf.server.endpoint}` was asked" in str(raised.value)
        assert raised.value.exit_code == 1


def test_no_network_is_told_with_the_address(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    error = refusal(shelf.store(endpoint="http://127.0.0.1:1"), shelf.url)
    assert isinstance(error, UnreachableError)
    assert "`http://127.0.0.1:1` cannot be reached" in str(error)
    monkeypatch.setenv("HTTP_PROXY", "http://user:hunter2@127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    error = refusal(shelf.store(endpoint="http://s3.example.org"), shelf.url)
    assert "cannot be reached by the proxy" in str(error)
    assert "hunter2" not in str(error)


def test_a_certificate_that_nobody_trusts_is_told(shelf: Shelf) -> None:
    endpoint = shelf.server.endpoint.replace("http:", "https:")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        assert "AWS_CA_BUNDLE" in str(refusal(shelf.store(endpoint=endpoint), shelf.url))


ANSWERS = {
    "ExpiredToken": (400, CredentialsError, "the credentials have expired"),
    "TokenRefreshRequired": (400, CredentialsError, "the credentials have expired"),
    "InvalidToken": (400, CredentialsError, "the session token is not valid"),
    "AccountProblem": (403, CredentialsError, "there is a problem with the account"),
    "SomethingNew": (403, CredentialsError, "In the service's words"),
    "SlowDown": (503, UnreachableError, "the service cannot do it now: In the service's words"),
    "InternalError": (500, UnreachableError, "goes on where it stopped"),
    "BadDigest": (400, ChecksumError, "received something else than was sent"),
    "InvalidStorageClass": (400, StorageError, "In the service's words (InvalidStorageClass)"),
}


@pytest.mark.parametrize("action", ["list", "put", "get"])
@pytest.mark.parametrize("code", ANSWERS)
def test_what_s3_answers_is_told_in_plain_words(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, action: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    status, kind, said = ANSWERS[code]
    (tmp_path / "a").write_bytes(b"1")
    with answering(status, fault(code)) as (address, asked):
        store = shelf.store(endpoint=address)
        calls = {
            "list": lambda: list(store.list(shelf.url)),
            "put": lambda: store.put(tmp_path / "a", shelf.url),
            "get": lambda: store.get(shelf.url + "a", tmp_path / "b"),
        }
        with pytest.raises(kind) as raised:
            calls[action]()
    assert asked
    # The answer to HEAD has no body: where it is no refusal, its status is all that is known.
    if action != "get" or status in (400, 403):
        assert said in str(raised.value)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("code", ["PermanentRedirect", "AuthorizationHeaderMalformed"])
def test_the_wrong_region_is_told_with_the_right_one(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    status = 301 if code == "PermanentRedirect" else 400
    body = fault(code, "<Region>eu-north-1</Region>")
    with answering(status, body, {"x-amz-bucket-region": "eu-north-1"}) as (address, _):
        error = refusal(shelf.store(endpoint=address, region="us-west-2"), shelf.url)
    assert type(error) is StorageError
    assert "the bucket is in the region `eu-north-1`, and `us-west-2` was asked" in str(error)
    assert "say `--region eu-north-1`" in str(error)


@pytest.mark.parametrize("body", ["<html>Welcome to this network</html>", ""])
def test_what_is_no_s3_service_is_told(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with answering(200, body) as (address, _):
        error = refusal(shelf.store(endpoint=address), shelf.url)
    assert "what answers there is no S3 service" in str(error)


def test_without_the_extra_there_is_one_message(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules.update({'boto3': None, 'boto3.session': None});"
        "from thresher.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "storage", "list", "s3://grain/"],
        cwd=tmp_path,
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: objects are stored by boto3, which is not installed\n"
        "  hint: pip install 'thresher[s3]'\n"
    )


def test_options_are_told_before_anything_is_loaded() -> None:
    script = (
        "import sys, thresher; thresher.storage.S3Options; thresher.storage.put;"
        "print(sorted({'boto3', 'botocore', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
    assert S3Options() == S3Options(workers=8)
