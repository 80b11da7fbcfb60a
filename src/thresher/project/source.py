"""What `source:` of a raw asset may say of files: where they are, and how they are to be read."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from thresher.errors import ThresherError
from thresher.project.contract import Tolerance
from thresher.project.units import parse_size, parse_tolerance
from thresher.storage.objects import Location, is_url

Format = Literal["csv", "json", "ndjson", "parquet", "excel"]
FORMATS: tuple[str, ...] = get_args(Format)
ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xls": "excel",
    ".ods": "excel",
}
"""Format by the ending of a file's name; `.gz` or `.zip` may follow."""
DETECT = "detect"
"""Encoding that is to be seen in each file."""


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _text_encoding(value: str) -> str:
    if value == DETECT:
        return value
    try:
        "".encode(value)
    except (LookupError, ValueError):
        raise ValueError(
            f"should be a text encoding such as `utf-8` or `windows-1252`, not `{value}`"
        ) from None
    return value


def _tolerance(value: Any) -> str:
    return str(parse_tolerance(value))


Texts = Annotated[tuple[str, ...], BeforeValidator(_several)]
Character = Annotated[str, Field(min_length=1, max_length=1)]
CharacterOrNone = Annotated[str, Field(max_length=1)]


Drift = Literal["evolve", "freeze", "discard_row", "discard_value", "quarantine"]


class DriftSettings(BaseModel):
    """What is done where a later file is not what earlier ones decided; see `docs/projects.md`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    new_column: Drift = "freeze"
    missing_column: Drift = "freeze"
    type_change: Drift = "freeze"
    """Where a value does not fit a type that no contract gives."""


#: Modes that reject rows: these are kept beside the version, as all rejected rows are.
REJECTING = ("discard_row", "quarantine")


class FilesSettings(BaseModel):
    """Files of a folder that hold the rows of one table; each file is a unit of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: Annotated[Texts, Field(min_length=1)]
    """Globs relative to the project, such as `data_raw/**/flights*.csv`, or `s3://bucket/*.csv`."""
    format: Format | None = None
    """Format of the files; None where their names tell."""
    delimiter: Character | None = None
    """What stands between the fields of a CSV file; None to see it in its first row."""
    quote: CharacterOrNone = '"'
    """What stands around fields that hold delimiters or line breaks; empty for nothing."""
    escape: CharacterOrNone = '"'
    """What stands before a quote inside quotes."""
    header: bool = True
    """Whether the first row of a CSV or Excel file names the columns."""
    skip: Annotated[int, Field(ge=0)] = 0
    """Lines of a CSV file, or rows of an Excel sheet, before the first one to read."""
    null: Texts = ("",)
    """Fields of CSV files that stand for no value."""
    decimal: Character = "."
    """What stands before the fraction of a number in CSV files."""
    thousands: Character | None = None
    """What stands between groups of three digits in CSV files."""
    date_format: Annotated[str, Field(min_length=1)] | None = None
    """How dates are written in CSV and JSON files, such as `%d/%m/%Y`; None for ISO 8601."""
    timestamp_format: Annotated[str, Field(min_length=1)] | None = None
    """How timestamps are written in CSV and JSON files; None for ISO 8601."""
    encoding: Annotated[str, AfterValidator(_text_encoding)] = "utf-8"
    """Encoding of CSV and JSON files: any name that Python knows, or `detect`."""
    comment: Character | None = None
    """What begins a comment in CSV files."""
    sheet: str | int | None = None
    """Sheet of Excel files: its name, or its number counted from 1; None for the first."""
    tolerate: Annotated[str, BeforeValidator(_tolerance)] = "0"
    """Files that may be set aside while the rest is loaded: a count, or a share such as `5%`."""
    tolerate_rows: Annotated[str, BeforeValidator(_tolerance)] = "0"
    """Rows of each CSV or JSON file that may be rejected while its others are loaded."""
    unpack_limit: Annotated[int, BeforeValidator(parse_size), Field(gt=0)] = 10 * 10**9
    """Bytes that a packed file may unpack to, such as `10GB`."""
    filename_column: Annotated[str, Field(min_length=1)] | None = None
    """Name of a column to add, which holds the path of the file that a row comes from."""
    drift: DriftSettings = DriftSettings()
    """What is done where a later file has other columns or types than earlier ones decided."""
    on_removed: Literal["keep", "drop"] = "drop"
    """What becomes of the rows of a file that is removed."""
    copy_to: Annotated[str, Field(min_length=1)] | None = None
    """Folder, relative to the project, that keeps a copy of each object that is read from S3."""

    @field_validator("files")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            scheme, slashes, _ = name.partition("://")
            if is_url(name):
                try:
                    Location.parse(name)
                except ThresherError as error:
                    raise ValueError(f"names no object: {error.fault.what}") from None
            elif slashes and scheme.isalnum():
                raise ValueError(
                    f"names `{name}`, and only files and `s3://bucket/key` can be read"
                )
        return value

    @model_validator(mode="after")
    def _something_to_copy(self) -> FilesSettings:
        if self.copy_to and not any(map(is_url, self.files)):
            raise ValueError("has `copy_to`, which keeps copies of objects, and names no `s3://`")
        return self

    @property
    def tolerance(self) -> Tolerance:
        """How many files may be set aside while the rest is loaded."""
        return parse_tolerance(self.tolerate)

    @property
    def rows_tolerance(self) -> Tolerance:
        """How many rows of a file may be rejected while its others are loaded."""
        return parse_tolerance(self.tolerate_rows)
