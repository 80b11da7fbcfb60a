"""`thresher profile` and `thresher contract infer`: what a table is like, and what could hold."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.api.bench import Looked, is_file, look
from thresher.api.documents import FORMAT
from thresher.api.running import Work
from thresher.errors import AssetError, CommandError, Place
from thresher.observe.profile_page import profile_page
from thresher.observe.wording import counted, one_line
from thresher.project.drafts import write_draft
from thresher.quality.inference import RULES, infer
from thresher.quality.profiling import TableProfile, profile
from thresher.storage.local import write_whole


def table_profile(work: Work | None, subject: str, *, top: int) -> TableProfile:
    """Say what a published table, or a file, is like.

    Args:
        work: the project; None for a file outside of any.
        subject: name of an asset, path of a file, or URL of an object.
        top: most frequent values to find of each column.

    Raises:
        CommandError: there is no such asset or file.
        SourceError: the file cannot be read.
    """
    with look(work, subject) as looked:
        _refuse_nothing(looked)
        hidden = looked.contract.sensitive
        found = profile(looked.snapshot, looked.tables, looked.engine.rows, top=top, hidden=hidden)
    return TableProfile(name=looked.name, rows=found.rows, columns=found.columns)


def contract_draft(work: Work | None, subject: str) -> str:
    """Write a first contract of a published table, or of a file, as YAML.

    Args:
        work: the project; None for a file outside of any.
        subject: name of an asset, path of a file, or URL of an object.

    Raises:
        CommandError: there is no such asset or file.
        SourceError: the file cannot be read.
    """
    with look(work, subject) as looked:
        hidden = looked.contract.sensitive
        draft = infer(looked.snapshot, looked.tables, looked.engine.rows, hidden=hidden)
    name, rows = one_line(looked.name), counted(looked.snapshot.rows, "row")
    return write_draft(
        draft,
        (
            f"A first contract of {name} ({rows}), inferred by Thresher: TO BE REVIEWED.",
            "",
            "It says what these rows are like, and not what must hold. Read every line before it",
            "is used: delete what only happens to be so, correct what is too narrow or too wide,",
            "and write into each `description` what nobody can see in the data.",
            "",
            _where_to(subject, work),
            "",
            "What is proposed, and when:",
            *(f"  {rule}" for rule in RULES),
            "",
        ),
    )


def write_new(file: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        CommandError: it is there, or its folder is not.
        AssetError: it cannot be written.
    """
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise CommandError(
            f"`{file}` is there, and nothing is written over it",
            hint="name a new file, and take over what you want of it",
        ) from None
    except FileNotFoundError:
        raise _no_folder(file) from None
    except OSError as error:
        what = f"`{file}` cannot be written: {error.strerror or error}"
        raise AssetError(what, place=Place(str(file))) from error


def document(found: TableProfile) -> dict[str, Any]:
    """Give a profile in plain values; `docs/json.md` describes them."""
    columns = []
    for column in found.columns:
        each: dict[str, Any] = asdict(column)
        quantiles = column.quantiles or {}
        each["quantiles"] = {f"{share:g}": value for share, value in quantiles.items()} or None
        each["top"] = [{"value": value, "rows": rows} for value, rows in column.top]
        each["lengths"] = column.lengths and list(column.lengths)
        columns.append(each)
    return {"format": FORMAT, "name": found.name, "rows": found.rows, "columns": columns}


def page(found: TableProfile, work: Work | None) -> str:
    """Write a profile as one page of HTML.

    Args:
        found: the profile.
        work: the project that published the table; None for a file.
    """
    settings = work.settings if work else None
    origin = (settings.config.pipeline, settings.environment) if settings else None
    return profile_page(found, origin=origin, at=datetime.now(UTC))


def write_profile(file: Path, text: str) -> None:
    """Write a profile into a file, over one that is there.

    Raises:
        CommandError: there is no such folder.
        WarehouseError: it cannot be written.
    """
    if not file.absolute().parent.is_dir():
        raise _no_folder(file)
    write_whole(file, text.encode())


def _no_folder(file: Path) -> CommandError:
    return CommandError(
        f"`{file}` cannot be written: there is no folder `{file.parent}`",
        hint=f"make it: `mkdir -p {file.parent}`",
    )


def _refuse_nothing(looked: Looked) -> None:
    if not looked.snapshot.schema:
        raise CommandError(f"`{looked.name}` has no columns")


def _where_to(subject: str, work: Work | None) -> str:
    if is_file(subject):
        return "For a raw asset, put it into `src/raw/NAME.yaml` with a `source: {files: ...}`."
    asset = work.project.assets.get(subject.lower()) if work else None
    if asset is None:
        return "No file of the project makes this table, so there is no head that it goes to."
    path = asset.path
    if path.endswith(".py"):
        return f"It goes into the arguments of `@asset` in `{path}`."
    if path.endswith(".sql"):
        return f"It goes between `/* ---` and `--- */` at the head of `{path}`."
    return f"It goes into `{path}`, beside its `source`."
