"""Random changes of data, contracts and corrections between runs, and what must hold after each.

`THRESHER_FUZZ_ROUNDS` makes more projects than a test should; the seed of each is in its name.
"""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

import thresher
from thresher.api.quarantine import correct, export_rows
from thresher.errors import ThresherError

SEEDS = [53, *range(int(os.environ.get("THRESHER_FUZZ_ROUNDS", "3")))]
STEPS = 6
TABLES = {
    "raw.orders": "id, customer, amount",
    "clean.customers": "customer, name",
    "clean.orders": "id, customer, amount",
}
CONFIG = "pipeline: p\nenvironments: {dev: {}, two: {}}\nrun: {workers: 2, retries: 0}\n"
NAMES = ("a", "b", "c", "d", "e")


class Rounds:
    """A project that changes at random, and what its last contract should let pass."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.chance = random.Random(seed)
        self.told: list[str] = []
        self.write("config.yaml", CONFIG)
        self.write("src/raw/customers.yaml", "source: {files: data_raw/customers.csv}\n")
        self.write(
            "src/warehouse/by_customer.sql",
            "select customer, count(*) as orders, sum(amount) as amount"
            " from clean.orders group by customer",
        )
        self.customers()
        self.orders()
        self.contracts()

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def customers(self) -> None:
        chance = self.chance
        rows = [(chance.choice(NAMES), chance.choice(("Ada", "Bob", "Cid"))) for _ in range(6)]
        lines = "".join(f"{one},{other}\n" for one, other in rows[: chance.randint(0, 6)])
        self.write("data_raw/customers.csv", f"customer,name\na,Ada\n{lines}")

    def orders(self) -> None:
        """Write one of three files anew, or take it away."""
        path = self.root / f"data_raw/orders-{self.chance.randint(1, 3)}.csv"
        others = set((self.root / "data_raw").glob("orders-*")) - {path}
        if path.exists() and others and self.chance.random() < 0.3:
            path.unlink()
            return
        chance = self.chance
        lines = [
            f"{chance.randint(1, 9)},{chance.choice((*NAMES, 'z', ''))},{chance.randint(-2, 12)}\n"
            for _ in range(chance.randint(0, 8))
        ]
        again = lines[: chance.randint(0, 2)]
        text = f"id,customer,amount\n1,a,5\n{''.join(lines + again)}"
        self.write(path.relative_to(self.root).as_posix(), text)

    def contracts(self) -> None:
        chance = self.chance

        def perhaps(text: str) -> str:
            return text if chance.random() < 0.75 else ""

        self.least, self.low = chance.randint(-3, 1), chance.randint(-3, 1)
        self.high = chance.randint(7, 13)
        keep = chance.choice(("", "keep: first by amount desc, ", "keep: last by customer, "))
        aside = "on_violation: quarantine"
        limit = chance.choice(("", "", ", tolerate: 2"))
        raw = perhaps(f"    at_least: {{bound: {self.least}, {aside}}}\n")
        self.raw = bool(raw)
        columns = "columns:\n  id: bigint\n  customer: varchar\n  amount:\n    type: bigint\n"
        source = "source: {files: data_raw/orders-*.csv}\n"
        self.write("src/raw/orders.yaml", f"{source}{columns}{raw}")
        self.parents = perhaps(f"  customer: {{unique: {{{aside}}}}}\n")
        self.names = perhaps(f"  name: {{forbidden: {{values: [Bob], {aside}}}}}\n")
        held = "columns:\n" + self.parents + self.names if self.parents or self.names else ""
        self.write(
            "src/clean/customers.sql", f"/* ---\n{held}\n--- */\nselect * from raw.customers"
        )
        self.unique = perhaps(f"  id: {{unique: {{{keep}{aside}}}}}\n")
        self.refers = perhaps(
            f"  customer: {{references: {{to: clean.customers.customer, {aside}}}}}\n"
        )
        self.between = perhaps(
            f"  amount: {{between: {{low: {self.low}, high: {self.high}, {aside}{limit}}}}}\n"
        )
        held = self.unique + self.refers + self.between
        held = f"columns:\n{held}" if held else ""
        self.write("src/clean/orders.sql", f"/* ---\n{held}--- */\nselect * from raw.orders")

    def give_back(self, env: str) -> None:
        """Correct some of the rows that were set aside, or take a decision back."""
        files = sorted((self.root / "corrections").glob("*/*.parquet"))
        if files and self.chance.random() < 0.3:
            self.chance.choice(files).unlink()
            return
        asset = self.chance.choice(list(TABLES))
        work = thresher.open(self.root, env=env).work
        try:
            export_rows(work, asset, self.root / "bad.csv")
        except ThresherError:
            return
        with (self.root / "bad.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        chosen = self.chance.sample(rows, self.chance.randint(1, len(rows)))
        for row in chosen:
            for name in set(row) & {"customer", "amount", "id"}:
                if self.chance.random() < 0.7:
                    new = {"customer": self.chance.choice(NAMES), "amount": "5", "id": "77"}
                    row[name] = new[name]
        with (self.root / "bad.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(chosen)
        correct(work, asset, self.root / "bad.csv")

    def step(self) -> str:
        """Change something, and give the environment to run in."""
        env = self.chance.choice(("dev", "dev", "dev", "two"))
        what = self.chance.sample(
            ["customers", "orders", "contracts", "give_back", "give_back", "rollback", "gc"],
            self.chance.randint(1, 3),
        )
        for each in what:
            if each == "give_back":
                self.give_back(env)
            elif each == "rollback":
                with suppress(ThresherError):  # there may be nothing to go back to
                    thresher.open(self.root, env=env).rollback()
            elif each == "gc":
                thresher.open(self.root, env=env).gc(keep=1, grace=timedelta(0))
            else:
                getattr(self, each)()
            self.told.append(each)
        return env


def state(root: Path, env: str) -> dict[str, Counter]:
    """Give the rows of every table that is published, without what only this warehouse knows."""
    with duckdb.connect(str((root / "warehouse" / f"{env}.duckdb").resolve()), read_only=True) as c:
        names = c.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema <> 'thresher'"
        ).fetchall()
        found = {}
        for schema, table in names:
            left_out = "__run" if table == "raw__orders" else "__run, __row"
            columns = f"* exclude ({left_out})" if schema == "quarantine" else "*"
            rows = c.execute(f'select {columns} from {schema}."{table}"').fetchall()
            found[f"{schema}.{table}"] = Counter(map(repr, rows))
    return found


def differences(found: dict[str, Counter], wanted: dict[str, Counter]) -> dict[str, tuple]:
    return {
        name: (one - other, other - one)
        for name in found.keys() | wanted.keys()
        if (one := found.get(name, Counter())) != (other := wanted.get(name, Counter()))
    }


def rows_in(root: Path, snapshot: dict | None) -> int:
    """Count the rows in the files of a version, as its record names them."""
    files = [str(root / "warehouse" / each[0]) for each in (snapshot or {"files": []})["files"]]
    return (
        duckdb.sql(f"select count(*) from read_parquet({files})").fetchall()[0][0] if files else 0
    )


def hold_counts(root: Path, env: str) -> None:
    link = (root / "warehouse" / f"{env}.duckdb").resolve()
    manifest = json.loads((root / f"warehouse/publications/{env}/{link.stem}.json").read_text())
    for name in TABLES:
        shown = manifest["snapshots"][name]
        aside = manifest["snapshots"].get(f"quarantine.{name.replace('.', '__')}")
        if shown.get("part_of") is None:
            assert aside is None
            continue
        whole = root / "warehouse/lake" / name.replace(".", "/") / shown["part_of"]
        built = json.loads((whole / "_version.json").read_text())
        assert rows_in(root, built) == rows_in(root, shown) + rows_in(root, aside), name


def hold_contract(rounds: Rounds, env: str) -> None:
    link = (rounds.root / "warehouse" / f"{env}.duckdb").resolve()
    queries = {
        "select 1 from raw.orders where amount < $least": rounds.raw,
        "select customer from clean.customers group by all having count(*) > 1": rounds.parents,
        "select 1 from clean.customers where name = 'Bob'": rounds.names,
        "select id from clean.orders where id is not null group by id having count(*) > 1": (
            rounds.unique
        ),
        "select 1 from clean.orders where amount < $low or amount > $high": rounds.between,
        "from clean.orders where customer not in (select customer from clean.customers)": (
            rounds.refers
        ),
    }
    known = {"least": rounds.least, "low": rounds.low, "high": rounds.high}
    with duckdb.connect(str(link), read_only=True) as connection:
        for query, applies in queries.items():
            needed = {name: value for name, value in known.items() if f"${name}" in query}
            if applies:
                assert connection.execute(query, needed).fetchall() == [], query


def clean_build(rounds: Rounds, folder: Path, env: str) -> dict[str, Counter]:
    folder.mkdir()
    for name in ("src", "data_raw", "corrections", "config.yaml"):
        source = rounds.root / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.exists():
            shutil.copy(source, folder / name)
    result = thresher.open(folder, env=env).run()
    assert result.exit_code == 0, [o.faults for o in result.outcomes]
    return state(folder, env)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_changed_the_state_is_that_of_a_clean_build(tmp_path, seed):
    rounds = Rounds(tmp_path / "shop", seed)
    env = "dev"
    for number in range(STEPS):
        result = thresher.open(rounds.root, env=env).run(full_refresh=rounds.chance.random() < 0.1)
        said = f"seed {seed}, step {number}, {rounds.told}"
        if result.exit_code == 0:
            hold_counts(rounds.root, env)
            hold_contract(rounds, env)
            clean = clean_build(rounds, tmp_path / str(number), env)
            assert differences(state(rounds.root, env), clean) == {}, said
            again = thresher.open(rounds.root, env=env).run()
            assert again.status == "unchanged", said
        else:
            assert "tolerate" in rounds.between, (said, result)
        env = rounds.step()
