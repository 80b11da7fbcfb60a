"""What drivers raise, told by SQLSTATE where there is one, and by the database's words."""

from __future__ import annotations

import pytest

from thresher.errors import CredentialsError, Place, SourceError, TransientError
from thresher.sources.databases_errors import Subject, translated

SUBJECT = Subject(Place("src/raw/x.yaml", asset="raw.x"), "the database `crm`", ("hush-hush",))


class Failed(Exception):  # noqa: N818  # as a driver calls its own
    def __init__(self, *given: object, sqlstate: str | None = None) -> None:
        super().__init__(*given)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Failed("no", sqlstate="28P01"), CredentialsError),
        (Failed({"C": "28P01", "M": "password authentication failed"}), CredentialsError),
        (Failed(1045, "Access denied for user 'me'@'h' (using password: YES)"), CredentialsError),
        (Failed("ORA-01017: invalid username/password; logon denied"), CredentialsError),
        (Failed("Login failed for user 'sa'. (18456)"), CredentialsError),
        (Failed("gone", sqlstate="08006"), TransientError),
        (Failed("deadlock detected", sqlstate="40P01"), TransientError),
        (Failed("the database system is starting up", sqlstate="57P03"), TransientError),
        (Failed(2006, "MySQL server has gone away"), TransientError),
        (Failed("(2003, \"Can't connect to MySQL server on 'h'\")"), TransientError),
        (Failed("database is locked"), TransientError),
        (ConnectionRefusedError(111, "Connection refused"), TransientError),
        (TimeoutError("timed out"), TransientError),
        (Failed('column "timeout" does not exist', sqlstate="42703"), SourceError),
        (Failed("no such column: timeout"), SourceError),
        (Failed("division by zero", sqlstate="22012"), SourceError),
        (OSError("[libpq] Execution error: ERROR:  division by zero"), SourceError),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, Exception) else None,
)
def test_an_error_says_whether_it_may_pass_and_whose_fault_it_is(error, kind):
    made = translated(error, SUBJECT)
    assert type(made) is kind
    assert made.fault.place == SUBJECT.place
    assert "the database `crm`" in made.fault.what


def test_no_secret_is_told():
    made = translated(Failed("cannot log in with hush-hush at h"), SUBJECT)
    assert made.fault.what == "the database `crm` says: cannot log in with *** at h"


@pytest.mark.parametrize(
    ("tables", "hint"),
    [
        (["orders", "customers"], "did you mean `customers`?"),
        (["a", "b"], "there is `a`, `b`"),
        ([f"t{n:02}" for n in range(15)], "`t11` and 3 more"),
        ([], None),
    ],
)
def test_a_table_that_is_missing_is_told_with_what_there_is(tables, hint):
    made = translated(Failed("no such table: customer"), SUBJECT, lambda: tables)
    assert (made.fault.hint or "").endswith(hint or "")
    assert (made.fault.hint is None) is (hint is None)
