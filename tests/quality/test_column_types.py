from __future__ import annotations

import duckdb
import pytest

from thresher.quality.column_types import is_number, is_text, is_time, spelled

FAMILIES = {
    "text": ["varchar", "enum('a', 'b')"],
    "number": ["utinyint", "int4", "hugeint", "bignum", "numeric(10,2)", "real", "double"],
    "time": ["date", "timestamp", "timestamp_s", "timestamp_ns", "timestamptz", "timestamptz_ns"],
    "none": [
        *("boolean", "time", "timetz", "interval", "blob", "uuid", "json", "bit"),
        *("text[]", "int[3]", "decimal(3,1)[]", "date[]", "timestamp[]", "enum('a')[]"),
        *("struct(a int)", "map(text, date)"),
    ],
}


@pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family, names in FAMILIES.items() for name in names]
)
def test_a_type_as_duckdb_spells_it_is_of_one_family(family: str, name: str) -> None:
    ((text,),) = duckdb.execute(f"select typeof(cast(null as {name}))").fetchall()
    type_ = spelled(text)
    assert type_ == text == spelled(name)
    found = {"text": is_text(type_), "number": is_number(type_), "time": is_time(type_)}
    assert found == {each: each == family for each in found}


def test_a_type_that_only_its_engine_knows_is_folded() -> None:
    assert spelled("  Tuple(int,  text)") == "TUPLE(INT, TEXT)"
