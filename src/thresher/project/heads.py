"""Heads of assets as one project reads them: by its defaults, and with what their queries read.

The tables that a check's query reads are found by parsing it, so that the audit waits for them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from thresher.errors import Fault, ProjectError
from thresher.project.cache import ParseCache
from thresher.project.contract import Check, Contract
from thresher.project.contracts import Head, read_head
from thresher.project.documents import Document
from thresher.project.parsed import cached_query
from thresher.project.policies import Standing


@dataclass(frozen=True, slots=True)
class Heads:
    """Reads the heads of a project's assets."""

    cache: ParseCache
    """What was parsed before."""
    defaults: Standing
    """How violations are weighed where a head says nothing."""

    def read(self, document: Document, asset: str) -> tuple[Head, Contract]:
        """Read the head of an asset.

        Raises:
            ProjectError: every fault of it, each with its line.
        """
        head, contract = read_head(document, self.defaults)
        faults: list[Fault] = []
        checks: list[Check] = []
        for check in contract.checks:
            try:
                checks.append(self._with_references(check, asset))
            except ProjectError as error:
                faults += error.faults
        if faults:
            raise ProjectError(faults)
        return head, dataclasses.replace(contract, checks=tuple(checks))

    def _with_references(self, check: Check, asset: str) -> Check:
        """Fill in what the query of a check reads beside the asset's own table."""
        text = check.argument("query")
        if text is None:
            return check
        parsed = cached_query(self.cache, text, check.place.path or "", check.place.line or 1)
        read = {name.lower() for name, _ in parsed.inputs} - {asset}
        return dataclasses.replace(check, references=tuple(sorted(read)))
