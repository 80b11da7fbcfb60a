"""What drivers raise, as errors for people: whether it may pass, and whether a password is wrong.

Drivers agree on little but the names of their exceptions. So an error is told by its SQLSTATE where
it has one, and by the words of the database where it has none; the words are tested against the
databases named beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from thresher.errors import (
    UNSHOWN,
    CredentialsError,
    Place,
    SourceError,
    ThresherError,
    TransientError,
)
from thresher.project.secrets import MASK
from thresher.sources.refusals import shown
from thresher.sources.session import Stop

#: Tables or columns that a hint names.
_SHOWN_NAMES = 12
_LONGEST = 300
_CREDENTIALS = re.compile(
    "password authentication failed|no password supplied|no pg_hba.conf entry"  # PostgreSQL
    "|access denied for user"  # MySQL
    "|ora-01017|invalid username"  # Oracle
    "|login failed|authentication failed|invalid password|password is incorrect"
    "|role .* is not permitted to log in",
    re.IGNORECASE,
)
_PASSING = re.compile(
    "connection refused|connection reset|connection timed out|timeout|timed out|broken pipe"
    "|could not connect|can't connect|unable to connect|network is unreachable|no route to host"
    "|server closed the connection|connection .*(closed|lost|terminated)|lost connection"
    "|gone away|temporary failure in name resolution|starting up|shutting down"
    "|too many (connections|clients)|deadlock|database is locked|database table is locked|is busy",
    re.IGNORECASE,
)
_LASTING = re.compile("no such|syntax error|unknown column|invalid identifier", re.IGNORECASE)
_MISSING_TABLE = re.compile(
    r"no such table: (?P<sqlite>.+)|relation \"(?P<postgres>.+?)\" does not exist"
    r"|table (?:with name )?[\"'`]?(?P<other>[\w.]+)[\"'`]? (?:does not|doesn't) exist",
    re.IGNORECASE,
)
_OTHER_THREAD = "SQLite objects created in a thread can only be used in that same thread"
#: Classes of SQLSTATE, and states, that may pass.
_PASSING_STATES = ("08", "40", "53", "57", "55P03")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose errors these are.

    Attributes:
        place: the asset.
        name: the connection, in words.
        secrets: what must not be printed.
    """

    place: Place
    name: str
    secrets: tuple[str, ...] = ()


@contextmanager
def translating(
    subject: Subject,
    stop: Stop,
    *,
    driver: type[Exception] | tuple[type[Exception], ...] = Exception,
    tables: Callable[[], Iterable[str]] = tuple,
) -> Iterator[None]:
    """Raise what a driver raises as an error of our own.

    Args:
        subject: whose errors they are.
        stop: says whether it was we who stopped it.
        driver: what the driver raises.
        tables: asks for the tables that there are, for a hint.

    Raises:
        CredentialsError: the database refused the user.
        TransientError: it may work in a moment.
        SourceError: anything else that it said.
    """
    try:
        yield
    except ThresherError:
        raise
    except driver as error:
        stop.check()
        raise translated(error, subject, tables) from error


def translated(
    error: BaseException, subject: Subject, tables: Callable[[], Iterable[str]] = tuple
) -> ThresherError:
    """Say what a driver's error means; see [`translating`][]."""
    told = words(error)
    for secret in subject.secrets:
        told = told.replace(secret, MASK)
    state = sqlstate(error) or ""
    place, name = subject.place, subject.name
    if state.startswith("28") or (not state and _CREDENTIALS.search(told)):
        return CredentialsError(
            f"{name} refuses the user or the password: {told}",
            place=place,
            hint="see to `connections` in `config.yaml`, and to the variables that it names",
            # Told by words alone, it may be a value that reads so.
            discreet=None if state else f"{name} refuses the user or the password: {UNSHOWN}",
        )
    if told.startswith(_OTHER_THREAD):
        what = f"{name} belongs to another thread: {told}"
        hint = "use the project in that thread, or connect with `check_same_thread=False`"
        return SourceError(what, place=place, hint=hint)
    if state.startswith(_PASSING_STATES) or (not state and _may_pass(error, told)):
        return TransientError(
            f"{name} cannot be reached, or did not answer: {told}",
            place=place,
            hint="see whether it runs and can be reached from here; `run.retries` tries again",
            discreet=f"{name} cannot be reached, or did not answer: {UNSHOWN}",
        )
    said, _, hint = told.partition(" HINT: ")
    if missing := _MISSING_TABLE.search(said):
        hint = near(next(filter(None, missing.groups())), tables()) or hint
    # Class 42 are errors of the statement: a table that is not there, a word out of place. Where
    # there is no class, only words at the beginning are surely not those of a value.
    of_statement = state.startswith("42") or (missing is not None and missing.start() == 0)
    of_data = not of_statement
    discreet = f"{name} failed: {UNSHOWN}" if of_data else None
    return SourceError(f"{name} says: {said}", place=place, hint=hint or None, discreet=discreet)


def require(column: str, columns: Iterable[str], subject: Subject) -> None:
    """Make sure that there is a column to tell changes by.

    Raises:
        SourceError: there is none of this name.
    """
    known = list(columns)
    if column.lower() not in {name.lower() for name in known}:
        what = f"{subject.name}: there is no column `{column}` to tell changes by"
        raise SourceError(what, place=subject.place, hint=near(column, known))


def sqlstate(error: BaseException) -> str | None:
    """Give the five characters by which SQL names errors, if the driver passes them on."""
    for name in ("sqlstate", "pgcode"):
        if isinstance(found := getattr(error, name, None), str):
            return found
    first = error.args[0] if error.args else None
    return str(first["C"]) if isinstance(first, dict) and "C" in first else None


def words(error: BaseException) -> str:
    """Give what the database itself said, in one line."""
    first: Any = error.args[0] if error.args else ""
    if isinstance(first, dict) and "M" in first:  # pg8000 gives PostgreSQL's fields
        text = ". ".join(str(first[key]) for key in ("M", "D", "H") if key in first)
    else:
        text = str(error) or type(error).__name__
    text = re.split(r"\n\s*Query was: |\nquery: ", text)[0]
    text = re.sub(r"^.*?\b(?:ERROR|FATAL):\s+", "", text, flags=re.DOTALL)
    text = re.sub(r"^[A-Z_]+: (\[\w+\] )?(Failed to [a-z ]+: )?", "", text)
    text = re.sub(r"(?m)^(LINE \d+: .*\n.*\^|\.? ?SQLSTATE.*)$", "", text)
    line = " ".join(text.split())
    return shown(line) if len(line) > _LONGEST else line


def _may_pass(error: BaseException, told: str) -> bool:
    """Tell by words whether an error may pass; a column may be called `timeout`."""
    # What a driver streams fails as an `OSError` too, but not one of the system.
    of_system = isinstance(error, OSError) and error.errno is not None
    return of_system or bool(_PASSING.search(told) and not _LASTING.search(told))


def near(name: str, names: Iterable[str]) -> str | None:
    """Give a hint that names what is there: the one that was perhaps meant, or all."""
    known = sorted(names)
    if not known:
        return None
    if matches := get_close_matches(name, known, n=1):
        return f"did you mean `{matches[0]}`?"
    some = ", ".join(f"`{each}`" for each in known[:_SHOWN_NAMES])
    left = len(known) - _SHOWN_NAMES
    return f"there is {some}" + (f" and {left} more" if left > 0 else "")
