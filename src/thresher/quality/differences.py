"""How a table differs from what was expected of it: rows, cells and columns, as one value.

Without keys, rows are told apart by all that is in them; what is left of both sides is then put in
pairs by what is alike, so that one wrong cell is told as a cell and not as two rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from thresher.quality.likeness import RELATIVE, fitted, same

Row = tuple[Any, ...]

#: Rows of each side that are put in pairs by what is alike in them.
MOST_PAIRED = 200


@dataclass(frozen=True, slots=True)
class Rowset:
    """Rows with the names of their columns and, where they are known, the types."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellDifference:
    """One cell that is not what was expected."""

    row: Mapping[str, Any]
    """What tells the row: its key, its first cell, or the cells of it that are as expected."""
    column: str
    expected: Any
    found: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything in which a table differs; nothing where it is what was expected."""

    columns: tuple[str, ...] = ()
    """Columns that were compared."""
    missing_columns: tuple[str, ...] = ()
    unexpected_columns: tuple[str, ...] = ()
    missing: tuple[Row, ...] = ()
    """Rows that were expected and are not there."""
    unexpected: tuple[Row, ...] = ()
    """Rows that are there and were not expected."""
    cells: tuple[CellDifference, ...] = ()
    rows_differing: int = 0
    """Rows that the cells are of."""
    order: int | None = None
    """First row, counted from 1, of a table that has all rows, in another order."""
    repeated: tuple[Row, ...] = ()
    """Keys that stand more than once, so that rows cannot be told apart by them."""
    types: tuple[tuple[str, str, str], ...] = ()
    """Column, expected and found type of each column that is of another type."""
    rows: tuple[int, int] = field(default=(0, 0))
    """Number of rows that were found, and that were expected."""

    def __bool__(self) -> bool:
        """Whether there is any; types alone are none."""
        told = (self.missing_columns, self.unexpected_columns, self.missing, self.unexpected)
        return any((*told, self.cells, self.repeated)) or self.order is not None


def compare(
    found: Rowset,
    expected: Rowset,
    *,
    ordered: bool = False,
    keys: Sequence[str] = (),
    rtol: float = RELATIVE,
) -> Difference:
    """Tell how rows differ from those expected.

    Args:
        found: the rows.
        expected: what they should be; a text in it can stand for a value of any kind.
        ordered: whether the order of the rows counts.
        keys: columns that tell rows apart.
        rtol: relative tolerance of floating-point numbers.
    """
    here = {name.lower(): name for name in found.columns}
    there = {name.lower(): name for name in expected.columns}
    shared = [name for name in there if name in here]
    ours = _picked(found, [here[name] for name in shared])
    theirs = _as_found(_picked(expected, [there[name] for name in shared]), ours)
    columns = tuple(here[name] for name in shared)
    frame = Difference(
        columns=columns,
        missing_columns=tuple(there[name] for name in there if name not in here),
        unexpected_columns=tuple(here[name] for name in here if name not in there),
        types=_types(found, expected),
        rows=(len(ours), len(theirs)),
    )
    if not columns:
        return frame
    matcher = _Matcher(columns, rtol, frame)
    if keys:
        positions = [columns.index(here[key.lower()]) for key in keys]
        return matcher.by_keys(ours, theirs, positions)
    return matcher.in_order(ours, theirs) if ordered else matcher.in_any_order(ours, theirs)


def _picked(rows: Rowset, names: Sequence[str]) -> list[Row]:
    positions = [rows.columns.index(name) for name in names]
    return [tuple(row[at] for at in positions) for row in rows.rows]


def _as_found(expected: list[Row], found: list[Row]) -> list[Row]:
    """Read what is expected as the kind of value that its column holds."""
    width = len(found[0]) if found else 0
    models = [next((row[at] for row in found if row[at] is not None), None) for at in range(width)]
    return [tuple(map(fitted, models, row)) for row in expected] if models else expected


def _types(found: Rowset, expected: Rowset) -> tuple[tuple[str, str, str], ...]:
    if not found.types or not expected.types:
        return ()
    ours = dict(zip(map(str.lower, found.columns), found.types, strict=True))
    return tuple(
        (name, kind, ours[name.lower()])
        for name, kind in zip(expected.columns, expected.types, strict=True)
        if name.lower() in ours and ours[name.lower()] != kind
    )


@dataclass(frozen=True, slots=True)
class _Matcher:
    """Puts rows of the same columns beside one another."""

    columns: tuple[str, ...]
    rtol: float
    frame: Difference

    def by_keys(self, found: list[Row], expected: list[Row], positions: list[int]) -> Difference:
        ours, theirs = _keyed(found, positions), _keyed(expected, positions)
        repeated = [rows[0] for side in (ours, theirs) for rows in side.values() if len(rows) > 1]
        if repeated:
            keys = {tuple(row[at] for at in positions): None for row in repeated}
            return self._told(repeated=tuple(keys))
        pairs = [(ours[key][0], theirs[key][0]) for key in theirs if key in ours]
        return self._told(
            pairs=pairs,
            missing=[rows[0] for key, rows in theirs.items() if key not in ours],
            unexpected=[rows[0] for key, rows in ours.items() if key not in theirs],
            identity=positions,
        )

    def in_order(self, found: list[Row], expected: list[Row]) -> Difference:
        both = min(len(found), len(expected))
        pairs = list(zip(found, expected, strict=False))
        wrong = [at for at, pair in enumerate(pairs) if not self._alike(*pair)]
        if wrong and not self.in_any_order(found, expected):
            return self._told(order=wrong[0] + 1)
        return self._told(pairs=pairs, missing=expected[both:], unexpected=found[both:])

    def in_any_order(self, found: list[Row], expected: list[Row]) -> Difference:
        counts = Counter(map(hashable, expected))
        unexpected: list[Row] = []
        for row in found:
            key = hashable(row)
            if counts[key] > 0:
                counts[key] -= 1
            else:
                unexpected.append(row)
        missing: list[Row] = []
        for row in expected:
            key = hashable(row)
            if counts[key] > 0:
                counts[key] -= 1
                missing.append(row)
        missing, unexpected = self._without_close(missing, unexpected)
        pairs, missing, unexpected = self._alike_pairs(missing, unexpected)
        return self._told(pairs=pairs, missing=missing, unexpected=unexpected)

    def _without_close(
        self, missing: list[Row], unexpected: list[Row]
    ) -> tuple[list[Row], list[Row]]:
        """Leave out rows that are the same but for the last digits of their numbers."""
        exact = [
            at
            for at in range(len(self.columns))
            if not any(isinstance(row[at], (float, list, dict)) for row in (*missing, *unexpected))
        ]
        groups: dict[Any, list[Row]] = defaultdict(list)
        for row in unexpected:
            groups[hashable(row[at] for at in exact)].append(row)
        left: list[Row] = []
        for row in missing:
            group = groups[hashable(row[at] for at in exact)]
            match = next((i for i, other in enumerate(group) if self._alike(other, row)), None)
            if match is None:
                left.append(row)
            else:
                group.pop(match)
        return left, [row for group in groups.values() for row in group]

    def _alike_pairs(
        self, missing: list[Row], unexpected: list[Row]
    ) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
        """Put what is left in pairs: of one first cell, or where most cells are the same."""
        ours, theirs = _keyed(unexpected, [0]), _keyed(missing, [0])
        if all(len(rows) == 1 for side in (ours, theirs) for rows in side.values()):
            pairs = [(ours[key][0], theirs[key][0]) for key in theirs if key in ours]
            missing = [rows[0] for key, rows in theirs.items() if key not in ours]
            unexpected = [rows[0] for key, rows in ours.items() if key not in theirs]
        else:
            pairs = []
        if max(len(missing), len(unexpected)) > MOST_PAIRED:
            return pairs, missing, unexpected
        scores = [
            (self._score(found, row), -i, -j)
            for i, row in enumerate(missing)
            for j, found in enumerate(unexpected)
        ]
        chosen: dict[int, int] = {}
        for score, i, j in sorted(scores, reverse=True):
            if 2 * score <= len(self.columns):
                break
            if -i not in chosen and -j not in chosen.values():
                chosen[-i] = -j
        pairs += [(unexpected[j], missing[i]) for i, j in sorted(chosen.items())]
        return (
            pairs,
            [row for i, row in enumerate(missing) if i not in chosen],
            [row for j, row in enumerate(unexpected) if j not in chosen.values()],
        )

    def _score(self, found: Row, expected: Row) -> int:
        return sum(self._fits(found, expected))

    def _fits(self, found: Row, expected: Row) -> list[bool]:
        return [same(a, b, rtol=self.rtol) for a, b in zip(found, expected, strict=True)]

    def _alike(self, found: Row, expected: Row) -> bool:
        return all(self._fits(found, expected))

    def _told(
        self,
        *,
        pairs: Iterable[tuple[Row, Row]] = (),
        missing: Iterable[Row] = (),
        unexpected: Iterable[Row] = (),
        identity: Sequence[int] = (),
        order: int | None = None,
        repeated: tuple[Row, ...] = (),
    ) -> Difference:
        cells: list[CellDifference] = []
        rows = 0
        for found, expected in pairs:
            right = self._fits(found, expected)
            rows += not all(right)
            told = identity or ([0] if right[0] else [at for at, fits in enumerate(right) if fits])
            name = {self.columns[at]: expected[at] for at in told}
            cells += [
                CellDifference(name, self.columns[at], expected[at], found[at])
                for at, fits in enumerate(right)
                if not fits
            ]
        return replace(
            self.frame,
            missing=tuple(missing),
            unexpected=tuple(unexpected),
            cells=tuple(cells),
            rows_differing=rows,
            order=order,
            repeated=repeated,
        )


def _keyed(rows: Iterable[Row], positions: Sequence[int]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[hashable(row[at] for at in positions)].append(row)
    return found


def hashable(value: Any) -> Any:
    """Give what is equal, and has one hash, for values that are the same."""
    if isinstance(value, bool):
        return ("bool", value)  # or `true` would be 1
    if isinstance(value, (float, Decimal)) and value != value:  # noqa: PLR0124
        return ("nan",)
    if isinstance(value, dict):
        return ("dict", *sorted((str(key), hashable(item)) for key, item in value.items()))
    if isinstance(value, (str, bytes, int, float)) or value is None:
        return value
    if isinstance(value, Iterable):
        return tuple(hashable(item) for item in value)
    return value
