"""A contract that a machine proposes, written as YAML for a person to review.

What is written is read again by `project/contracts.py`; names and values of the data are quoted as
YAML wants it, whatever they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Proposal:
    """One key of a contract, and what in the data suggests it."""

    key: str
    value: Any
    why: str = ""


@dataclass(frozen=True, slots=True)
class ColumnDraft:
    """What is proposed for a column."""

    name: str
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A contract as it is proposed."""

    columns: tuple[ColumnDraft, ...]
    checks: tuple[Proposal, ...] = ()
    """Checks of the table."""


def write_draft(draft: Draft, comments: Iterable[str]) -> str:
    """Write a draft as YAML.

    Args:
        draft: what is proposed.
        comments: lines for its head.
    """
    return "\n".join([*(f"# {line}".rstrip() for line in comments), *_body(draft)]) + "\n"


def _body(draft: Draft) -> Iterator[str]:
    yield 'description: ""'
    yield "columns:" if draft.columns else "columns: {}"
    for column in draft.columns:
        yield f"  {_value(column.name)}:"
        yield '    description: ""'
        for proposal in column.proposals:
            yield f"    {proposal.key}: {_value(proposal.value)}{_comment(proposal)}"
    if draft.checks:
        yield "checks:"
    for check in draft.checks:
        yield f"  - {check.key}: {_value(check.value)}{_comment(check)}"


def _comment(proposal: Proposal) -> str:
    return f"  # {proposal.why}" if proposal.why else ""


def _value(value: Any) -> str:
    written: str = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, **_ONE_LINE)
    return written.removesuffix("\n").removesuffix("\n...")  # which ends a document


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines in one, and decimals as the numbers that they are."""


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{value:f}")


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if value.isprintable() and value.isascii() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(Decimal, _decimal)
_Dumper.add_representer(str, _text)
_ONE_LINE: dict[str, Any] = {"width": float("inf"), "allow_unicode": True}
