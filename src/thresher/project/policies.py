"""What may be said beside any check, and whose word holds where several speak of one check.

A check's own word comes before that of its column, that before the `defaults` of its asset, and
that before `checks` in `config.yaml`. Words that contradict one another are a fault where they
stand side by side; further apart, the nearer one holds and the other is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from thresher.project.contract import (
    COUNTING_KINDS,
    NAMING_KINDS,
    OnViolation,
    Severity,
    Tolerance,
)
from thresher.project.units import parse_tolerance

Threshold = Annotated[Tolerance, BeforeValidator(parse_tolerance)]


class Standing(BaseModel):
    """How violations are weighed: what can be said once for many checks."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    on_violation: OnViolation | None = None
    severity: Severity | None = None
    tolerate: Threshold | None = None
    warn_above: Threshold | None = None
    error_above: Threshold | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Standing:
        """Refuse two words of one writer that cannot both hold."""
        if self.tolerate is not None and self.warn_above is not None:
            raise ValueError("should have `tolerate` or `warn_above`, which begin at one point")
        if self.error_above is not None and _lenient(self):
            lenient = "severity" if self.severity is Severity.WARNING else "on_violation"
            raise ValueError(f"has an `error_above`, and a `{lenient}` by which nothing blocks")
        lower, upper = self.warn_above or self.tolerate, self.error_above
        if lower is not None and upper is not None and _more(lower, upper):
            raise ValueError(f"warns only above {lower}, and fails above {upper}")
        return self


class Policy(Standing):
    """What may be said beside any check."""

    shorthand: ClassVar[str | None] = None
    """Key that a bare value stands for."""

    where: str | None = None
    message: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_shorthand(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        if cls.shorthand is None:
            if value is True:
                return {}
            raise ValueError("should be `true` or a mapping")
        return {cls.shorthand: value}


POLICY = tuple(Policy.model_fields)


#: What a check lets pass that sets rows aside, and says of no number that it is too many.
EVERY = Tolerance(share=1.0)


def settle(kind: str, levels: Sequence[Standing]) -> dict[str, Any]:
    """Give the fields of a check that say how it is weighed.

    Args:
        kind: kind of the check.
        levels: who speaks of it, the nearest first.
    """

    def said(name: str) -> tuple[int, Any]:
        for distance, level in enumerate(levels):
            if (value := getattr(level, name, None)) is not None:
                return distance, value
        return len(levels), None

    severity_at, severity = said("severity")
    reaction_at, reaction = _reaction(kind, levels)
    tolerate_at, tolerate = said("tolerate")
    warn_at, warn = said("warn_above")
    error_at, error = said("error_above")
    if warn_at < tolerate_at:
        tolerate = None
    else:
        warn = None
    if error is not None and severity is Severity.WARNING:
        error, severity = (error, None) if error_at < severity_at else (None, severity)
    if error is not None and reaction is OnViolation.WARN:
        error, reaction = (error, None) if error_at < reaction_at else (None, reaction)
    counts = kind in COUNTING_KINDS
    if reaction is OnViolation.QUARANTINE and tolerate is None and warn is None:
        tolerate = EVERY
    return {
        "on_violation": reaction or OnViolation.BLOCK,
        "severity": severity or Severity.ERROR,
        "tolerate": (tolerate if counts else None) or Tolerance(),
        "warn_above": warn if counts else None,
        "error_above": error if counts else None,
        "where": said("where")[1],
        "message": said("message")[1],
    }


def unfit(kind: str, own: Standing) -> str | None:
    """Say what a check's own words ask of it that a check of its kind cannot do."""
    if own.on_violation is OnViolation.QUARANTINE and kind not in NAMING_KINDS:
        return "speaks of no single rows, so there are none to quarantine"
    if kind not in COUNTING_KINDS:
        for name in ("tolerate", "warn_above", "error_above"):
            if getattr(own, name) is not None:
                return f"holds or does not, so there is nothing to count for `{name}`"
    return None


def _reaction(kind: str, levels: Sequence[Standing]) -> tuple[int, OnViolation | None]:
    """Find what a violation does; rows are set apart only by checks that can name them."""
    for distance, level in enumerate(levels):
        said = level.on_violation
        if said is not None and (said is not OnViolation.QUARANTINE or kind in NAMING_KINDS):
            return distance, said
    return len(levels), None


def _lenient(standing: Standing) -> bool:
    return standing.severity is Severity.WARNING or standing.on_violation is OnViolation.WARN


def _more(lower: Tolerance, upper: Tolerance) -> bool:
    """Say whether a threshold is above another, where they are of one kind."""
    if lower.share is None and upper.share is None:
        return lower.count > upper.count
    return lower.share is not None and upper.share is not None and lower.share > upper.share
