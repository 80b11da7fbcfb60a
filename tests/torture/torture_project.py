"""Fifty assets whose tables must agree with each other, whatever files have arrived."""

from __future__ import annotations

import random
from pathlib import Path

SOURCES = 5
_QUARANTINE = "amount: {at_least: 0, on_violation: quarantine}"


def lay_out(root: Path) -> None:
    """Write the project, without any input."""
    _write(root, "config.yaml", "pipeline: torture\nrun: {workers: 2, retries: 0}\n")
    for number in range(SOURCES):
        _write_source(root, number)
    for number in range(SOURCES):
        joined = f"clean.kept{number} as a join clean.kept{(number + 1) % SOURCES} as b using (id)"
        _write(root, f"src/warehouse/joined{number}.sql", f"select count(*) as n from {joined}")


def _write_source(root: Path, number: int) -> None:
    _write(
        root,
        f"src/raw/events{number}.yaml",
        f"source: {{files: 'data_raw/events{number}-*.csv', tolerate_rows: 100%}}\n"
        "columns: {id: {type: bigint}, amount: {type: bigint}}\n",
    )
    head = f"/* ---\ncolumns:\n  id: {{unique: true}}\n  {_QUARANTINE}\n--- */\n"
    _write(root, f"src/clean/kept{number}.sql", f"{head}select id, amount from raw.events{number}")
    kept = f"clean.kept{number}"
    for name, text in (
        (f"doubled{number}", f"select id, 2 * amount as amount from {kept}"),
        (f"even{number}", f"select * from {kept} where id % 2 = 0"),
        (f"odd{number}", f"select * from {kept} where id % 2 = 1"),
    ):
        _write(root, f"src/clean/{name}.sql", text)
    halves = f"from clean.even{number} union all from clean.odd{number}"
    seen = "/* ---\nmaterialized: view\n--- */\n"
    for name, text in (
        (f"sum{number}", f"select count(*) as n, sum(amount) as amount from {kept}"),
        (f"sum_doubled{number}", f"select sum(amount) as amount from clean.doubled{number}"),
        (f"halves{number}", f"select count(*) as n from ({halves})"),
        (f"shown{number}", f"{seen}select n, amount from warehouse.sum{number}"),
    ):
        _write(root, f"src/warehouse/{name}.sql", text)


#: What every publication must answer with no row, whatever had arrived when it was made.
DISAGREEMENTS = " union all ".join(
    f"""select {n} as source, s.n, s.amount, d.amount, h.n, v.n, k.n
from warehouse.sum{n} s, warehouse.sum_doubled{n} d, warehouse.halves{n} h, warehouse.shown{n} v,
    (select count(*) as n, sum(amount) as amount from clean.kept{n}) k,
    (select count(*) as n from raw.events{n}) r,
    (select count(*) as n from quarantine.clean__kept{n}) q
where s.n != k.n or s.amount != k.amount or d.amount != 2 * s.amount or h.n != s.n or v.n != s.n
    or r.n != k.n + q.n"""
    for n in range(SOURCES)
)


def deliver(root: Path, round_: int, chance: random.Random) -> None:
    """Let files arrive, each with rows that are good, bad, and cannot be read; change some SQL."""
    for number in range(SOURCES):
        if round_ and chance.random() < 0.4:
            continue
        first = round_ * 1_000
        rows = [f"{first + n},{chance.randrange(1, 100)}" for n in range(chance.randrange(2, 200))]
        rows += [f"{first + 900 + n},-1" for n in range(chance.randrange(1, 3))]
        rows += ["broken"] * chance.randrange(2)
        chance.shuffle(rows)
        place = root / f"data_raw/events{number}-{round_:04}.csv"
        place.parent.mkdir(exist_ok=True)
        # As whoever delivers files should: whole, or not at all.
        fresh = place.with_suffix(".part")
        fresh.write_text("id,amount\n" + "\n".join(rows) + "\n")
        fresh.rename(place)
    if chance.random() < 0.3:
        number = chance.randrange(SOURCES)
        other = f"select id, amount + amount + 0 * {round_} as amount from clean.kept{number}"
        _write(root, f"src/clean/doubled{number}.sql", other)


def _write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    fresh.write_text(text)
    fresh.rename(path)
