"""The key of an audit: same key, same verdict, so nothing needs to be looked at again.

A key must change with whatever could change the verdict or how it is told, and with nothing else:
moving a check to another line of its file does not audit a table anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from thresher.project.contract import Check, Contract, Tolerance

#: Raised when a change of Thresher changes what the same checks find.
FORMAT = 1


def audit_key(
    snapshot_version: str,
    contract: Contract,
    referenced: Mapping[str, str],
    *,
    corrections: Sequence[tuple[str, str]] = (),
) -> str:
    """Give the key of the audit of a version: the first 16 hex digits of SHA-256.

    Args:
        snapshot_version: the version that is held against the contract.
        contract: what must hold; its descriptions and the places of its parts do not matter.
        referenced: version of each asset that the checks need beside their own.
        corrections: path and hash of each file of corrected rows.
    """
    meaning: dict[str, Any] = {
        "format": FORMAT,
        "version": snapshot_version,
        "columns": [[column.name, column.type] for column in contract.columns],
        "checks": [_meaning(check) for check in contract.checks],
        "referenced": referenced,
    }
    if contract.discreet:
        meaning["sensitive"] = [sorted(contract.sensitive), sorted(contract.hidden)]
    if corrections:
        meaning["corrections"] = [sha256 for _, sha256 in corrections]
    text = json.dumps(meaning, sort_keys=True, default=_tagged)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _meaning(check: Check) -> dict[str, Any]:
    return {
        "kind": check.kind,
        "columns": check.columns,
        "arguments": check.arguments,
        "on_violation": check.on_violation,
        "severity": check.severity,
        "tolerate": _amount(check.tolerate),
        "warn_above": _amount(check.warn_above),
        "error_above": _amount(check.error_above),
        "where": check.where,
        "message": check.message,
        "references": check.references,
    }


def _amount(threshold: Tolerance | None) -> tuple[int, float | None] | None:
    return None if threshold is None else (threshold.count, threshold.share)


def _tagged(value: Any) -> Any:
    """Write what JSON has no form for, so that no date or decimal equals the text it looks like."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (date, Decimal)):
        return {type(value).__name__: str(value)}
    raise TypeError(f"a check cannot have a {type(value).__name__} as its argument")
