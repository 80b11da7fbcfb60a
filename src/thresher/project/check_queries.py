"""The tables that queries of checks read, found by parsing, so that the audit waits for them."""

from __future__ import annotations

import dataclasses

from thresher.errors import Fault, ProjectError
from thresher.project.cache import ParseCache
from thresher.project.contract import Check, Contract
from thresher.project.parsed import cached_query


def with_references(contract: Contract, asset: str, cache: ParseCache) -> Contract:
    """Fill in what each query of a contract reads beside the asset's own table.

    Raises:
        ProjectError: every query that is none.
    """
    faults: list[Fault] = []
    checks: list[Check] = []
    for check in contract.checks:
        text = check.argument("query")
        try:
            checks.append(check if text is None else _filled(check, text, asset, cache))
        except ProjectError as error:
            faults += error.faults
    if faults:
        raise ProjectError(faults)
    return dataclasses.replace(contract, checks=tuple(checks))


def _filled(check: Check, text: str, asset: str, cache: ParseCache) -> Check:
    place = check.place
    parsed = cached_query(cache, text, place.path or "", place.line or 1)
    read = {name.lower() for name, _ in parsed.inputs} - {asset}
    return dataclasses.replace(check, references=tuple(sorted(read)))
