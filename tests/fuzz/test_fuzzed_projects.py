"""Mutated configurations, SQL and Parquet files: told as faults, and never by a traceback.

`THRESHER_FUZZ_ROUNDS` makes more of them than a test should; `make fuzz` sets it.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import thresher
from thresher.errors import ThresherError
from thresher.results import RunResult, UnitOutcome

ROUNDS = int(os.environ.get("THRESHER_FUZZ_ROUNDS", "0"))
CONFIG = """pipeline: fuzzed
default_environment: dev
environments:
  dev: {}
  prod: {protected: true, params: {least: 3}}
params: {least: 2, since: 2013-01-01}
run: {workers: 1, retries: 0, backoff: 1ms}
checks: {severity: error}
timezone: UTC
"""
RAW = """description: Orders as they come.
source:
  files: data_raw/orders-*.parquet
  tolerate: 50%
columns:
  id: {type: bigint, not_null: true}
  amount: {between: {low: -5, high: 1000, on_violation: quarantine}}
"""
ORDERS = """/* ---
description: Orders, one a row.
tags: [daily]
columns:
  id: {type: bigint, not_null: true, unique: {keep: first by amount desc, on_violation: quarantine}}
  customer: {accepted: [a, b, c], length: {at_most: 3}, pattern: "[a-z]+", on_violation: warn}
  amount: {between: [0, 100], on_violation: quarantine, tolerate: 90%, where: "id > 0"}
checks:
  - rows: {at_least: 1}
  - expression: amount >= 0 or customer = 'c'
--- */
with recent as (
    select id, customer, amount, row_number() over (partition by customer order by id) as n
    from raw.orders
    where amount >= $least -- not too small
)
select id, customer, amount, case when n > 1 then 'again' else 'first' end as seen
from recent
where customer in (select distinct customer from raw.orders) and "id" is not null
"""
TOTALS = "select customer, sum(amount) as amount from clean.orders group by all order by all\n"
FILES = {
    "config.yaml": CONFIG,
    "src/raw/orders.yaml": RAW,
    "src/clean/orders.sql": ORDERS,
    "src/warehouse/totals.sql": TOTALS,
}
#: Pieces that readers of YAML and SQL trip over.
PIECES = (
    *("{", "}", "[", "]", "(", ")", ":", ",", "'", '"', "`", "$", "$1", "?", ";", "--", "/*", "*/"),
    *("\0", "\t", "\r", "\n\n", "\u2028", "\ufeff", "é", "😀", "\x1b[31m", "\\", "&a", "*a", "<<:"),
    *("null", "~", "true", ".nan", ".inf", "-0", "1e999", "99999999999999999999", "0x1", "1:30"),
    *(
        "2013-02-30",
        "!!python/name:os.system",
        "!!binary x",
        "|",
        ">",
        "%YAML 1.1",
        "---",
        "- ",
        "...",
    ),
    *(" union all select 1", " over ()", "::hugeint", " interval '1 day'", "{'a': 1}", "[1][0]"),
    *("unnest([1, 2])", " pivot ", " lateral ", "select", " from ", " join ", "exclude (id)", "#1"),
    *(
        "current_date",
        "read_csv('/etc/passwd')",
        "getenv('HOME')",
        "error('no')",
        "1 // 0",
        "a" * 400,
    ),
)
_WORD = re.compile(r"\w+|[^\w\s]")


def mutated(text: str, chance: random.Random) -> str:
    """Change a text in one to four places, by bytes, words or lines."""
    for _ in range(chance.randint(1, 4)):
        text = chance.choice((_by_piece, _by_word, _by_line, _by_cut))(text, chance)
    return text


def _by_piece(text: str, chance: random.Random) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(PIECES) + text[at + chance.choice((0, 0, 1, 3)) :]


def _by_word(text: str, chance: random.Random) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    one, other = chance.choice(words), chance.choice(words).group()
    return text[: one.start()] + chance.choice((other, "", one.group() * 2)) + text[one.end() :]


def _by_line(text: str, chance: random.Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at, line = chance.randrange(len(lines)), chance.choice(lines)
    new = chance.choice(([], [line], [lines[at], lines[at]], [f"  {lines[at]}"]))
    return "".join([*lines[:at], *new, *lines[at + 1 :]])


def _by_cut(text: str, chance: random.Random) -> str:
    if chance.random() < 0.7:
        return text
    at = chance.randint(0, len(text))
    return chance.choice((text[:at], text[at:], text[at:] + text[:at]))


def parquet(path: Path, first: int) -> bytes:
    ids = list(range(first, first + 40))
    table = pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "customer": [("a", "b", "c", "x", None)[i % 5] for i in ids],
            "amount": pa.array([i % 130 for i in ids], pa.int64()),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=16)
    return path.read_bytes()


class Fuzzed:
    """A project that is put back as it was after each round."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.good = {name: text.encode() for name, text in FILES.items()}
        for number in (1, 2):
            name = f"data_raw/orders-{number}.parquet"
            self.good[name] = parquet(root / name, 100 * number)
        self.put({})

    def put(self, changed: dict[str, bytes]) -> None:
        for name, content in {**self.good, **changed}.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)

    def run(self, changed: dict[str, bytes]) -> RunResult | ThresherError:
        """Run with some files changed; whatever else is raised is a defect."""
        self.put(changed)
        shutil.rmtree(self.root / "warehouse", ignore_errors=True)
        try:
            return thresher.open(self.root).run()
        except ThresherError as error:
            return error


def hold(root: Path, came: RunResult | ThresherError, said: str) -> None:
    """Hold what a run came to against what every run must come to."""
    faults = came.faults if isinstance(came, ThresherError) else []
    if isinstance(came, RunResult):
        faults = [fault for outcome in came.outcomes for fault in outcome.faults]
        assert came.exit_code in (0, 1), said
        assert bool(faults) == (came.exit_code == 1), said
        for outcome in came.outcomes:
            _hold_rows(outcome, said)
    else:
        assert faults, said
        assert came.exit_code == 2, said
    for fault in faults:
        assert fault.what.strip(), said
        assert "Traceback" not in fault.what, said
        assert "unexpected error" not in fault.what, (said, fault)
        assert not any(ord(c) < 32 and c not in "\n\t" for c in str(fault)), (said, fault)
        assert fault.place.path or fault.place.asset, (said, fault)


def _hold_rows(outcome, said: str) -> None:
    """Every unit has an outcome, and every row that was read one as well."""
    for record in outcome.units:
        assert record.outcome is UnitOutcome.LOADED or record.reason, said
    split = outcome.verdict.split if outcome.verdict else None
    if split:
        assert split.produced == split.published + split.quarantined, said
    elif outcome.snapshot and outcome.units:
        assert outcome.snapshot.rows == sum(record.rows for record in outcome.units), said


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    return Fuzzed(tmp_path_factory.mktemp("fuzzed"))


def test_what_is_mutated_is_good_by_itself(fuzzed):
    came = fuzzed.run({})
    assert isinstance(came, RunResult)
    assert came.exit_code == 0
    assert {o.asset: o.snapshot.rows for o in came.outcomes}["clean.orders"] > 20


@pytest.mark.parametrize("name", list(FILES))
def test_mutated_texts_are_told_as_faults(fuzzed, name):
    for seed in range(ROUNDS or 10):
        chance = random.Random(f"{name}{seed}")
        text = mutated(FILES[name], chance)
        data = text.encode("utf-8", "surrogatepass")
        if chance.random() < 0.05:
            data = data.replace(b"e", bytes([chance.randrange(256)]), 1)
        hold(fuzzed.root, fuzzed.run({name: data}), f"{name}, seed {seed}:\n{text}")


def test_mutated_parquet_files_are_set_aside_or_read_whole(fuzzed):
    for seed in range(ROUNDS or 12):
        chance = random.Random(seed)
        name = chance.choice([name for name in fuzzed.good if name.endswith("parquet")])
        data = bytearray(fuzzed.good[name])
        for _ in range(chance.randint(1, 5)):
            at = chance.randrange(len(data))
            data[at : at + chance.choice((0, 1, 1, 4))] = chance.randbytes(chance.choice((1, 1, 4)))
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        hold(fuzzed.root, fuzzed.run({name: bytes(data)}), f"seed {seed}")


#: Types that Parquet files hold, with a value of each.
TYPES = (
    (pa.uint64(), 2**64 - 1),
    (pa.int8(), -128),
    (pa.float32(), float("nan")),
    (pa.float64(), float("-inf")),
    (pa.bool_(), True),
    (pa.decimal128(38, 10), 1),
    (pa.decimal256(60, 2), 1),
    (pa.large_string(), "\0\ud7ff"),
    (pa.binary(), b"\xff\0"),
    (pa.binary(3), b"abc"),
    (pa.date64(), 0),
    (pa.time64("us"), 1),
    (pa.time32("ms"), 1),
    (pa.timestamp("ns"), 1),
    (pa.timestamp("us", "Europe/Berlin"), -1),
    (pa.duration("s"), 5),
    (pa.null(), None),
    (pa.list_(pa.int32()), [1, None]),
    (pa.list_(pa.int32(), 2), [1, 2]),
    (pa.struct([("a", pa.int32()), ("A ", pa.string())]), {"a": 1, "A ": "x"}),
    (pa.map_(pa.string(), pa.int32()), [("k", 1)]),
    (pa.dictionary(pa.int32(), pa.string()), "word"),
)
NAMES = ("id", "ID", "a b", "é", '"', "'", "select", "x.y", "a\nb", "", "__row", "$p", "1", "%s")


def strange(chance: random.Random, path: Path) -> int:
    """Write a Parquet file that no dump of a database would be, and give its number of rows."""
    rows = chance.choice((0, 1, 5, 3000))
    names = chance.sample(NAMES, chance.randint(1, 5))
    if chance.random() < 0.1:
        names[-1] = names[0]
    columns = []
    for _ in names:
        type_, value = chance.choice(TYPES)
        values = [None if chance.random() < 0.2 else value for _ in range(rows)]
        columns.append(pa.array(values, type_))
    table = pa.Table.from_arrays(columns, names=names)
    compression = chance.choice(("none", "snappy", "gzip", "zstd", "brotli", "lz4"))
    pq.write_table(table, path, compression=compression, row_group_size=chance.choice((7, 5000)))
    return rows


def test_strange_parquet_files_are_read_whole_or_refused_with_a_reason(tmp_path):
    (tmp_path / "src/raw").mkdir(parents=True)
    (tmp_path / "config.yaml").write_text("pipeline: strange\nrun: {retries: 0}\n")
    (tmp_path / "src/raw/strange.yaml").write_text("source: {files: strange.parquet}\n")
    read = 0
    for seed in range(ROUNDS or 10):
        try:
            rows = strange(random.Random(seed), tmp_path / "strange.parquet")
        except pa.ArrowNotImplementedError:
            continue  # it cannot be written
        came = thresher.open(tmp_path).run()
        hold(tmp_path, came, f"seed {seed}")
        (outcome,) = came.outcomes
        assert came.exit_code or outcome.snapshot.rows == rows, f"seed {seed}"
        read += came.exit_code == 0
    assert read
