"""Tables that refer to one another in any way: their DDL runs from top to bottom."""

from __future__ import annotations

import re

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres_databases import Postgres

from thresher.docs.ddl.dialects import DIALECTS
from thresher.docs.ddl.names import constraint_name
from thresher.docs.ddl.statements import compose
from thresher.docs.ddl.tables import TableColumn, TableShape
from thresher.project.asset import Asset, SqlBody
from thresher.project.contract import Check, Contract
from thresher.project.sql import TypeTree

Graph = dict[int, set[int]]
GRAPHS = st.integers(1, 7).flatmap(
    lambda size: st.dictionaries(
        st.integers(0, size - 1), st.sets(st.integers(0, size - 1), max_size=4), min_size=1
    )
)


def shapes(graph: Graph) -> list[TableShape]:
    numbers = sorted({*graph, *(to for tos in graph.values() for to in tos)})
    made = []
    for number in numbers:
        refers = sorted(graph.get(number, ()))
        checks = [Check("primary_key", ("id",))] + [
            Check(
                "references",
                (f"r{to}",),
                (("to", f"clean.t{to}"), ("keys", ("id",))),
                references=(f"clean.t{to}",),
            )
            for to in refers
        ]
        columns = ["id", *(f"r{to}" for to in refers)]
        asset = Asset(
            name=f"clean.t{number}",
            path=f"src/clean/t{number}.sql",
            body=SqlBody("", "", None),
            contract=Contract(checks=tuple(checks)),
        )
        kinds = tuple(TableColumn(name, TypeTree("BIGINT")) for name in columns)
        made.append(TableShape(asset=asset, columns=kinds))
    return made


@given(GRAPHS)
@settings(max_examples=150, deadline=None)
def test_duckdb_makes_each_table_after_those_it_refers_to(graph: Graph) -> None:
    made = compose(shapes(graph), DIALECTS["duckdb"])
    connection = duckdb.connect()
    connection.execute(str(made))
    (held,) = connection.execute(
        "select count(*) from duckdb_constraints() where constraint_type = 'FOREIGN KEY'"
    ).fetchone() or (0,)
    wanted = sum(len(to) for to in graph.values())
    told = [each for each in made.not_enforced if each.check.kind == "references"]
    assert held + len(told) == wanted
    if not _circular(graph):
        assert told == []


def test_postgres_makes_every_reference_of_any_graph(postgres: Postgres) -> None:
    graphs: list[Graph] = []

    @given(GRAPHS)
    @settings(max_examples=40, deadline=None, database=None)
    def collect(graph: Graph) -> None:
        graphs.append(graph)

    collect()
    asked = (
        "select count(*) from pg_constraint c join pg_namespace n on n.oid = c.connamespace "
        "where contype = 'f' and nspname = 'clean';"
    )
    script = "".join(
        f"begin;{compose(shapes(graph), DIALECTS['postgres'])}{asked}rollback;" for graph in graphs
    )
    found = re.findall(r"^\d+$", postgres.ask(script), re.MULTILINE)
    assert [int(each) for each in found] == [sum(map(len, graph.values())) for graph in graphs]
    assert any(_circular(graph) for graph in graphs)


def _circular(graph: Graph) -> bool:
    left = {at: {to for to in tos if to != at} for at, tos in graph.items()}
    while left:
        free = [at for at, tos in left.items() if not tos & left.keys()]
        if not free:
            return True
        for at in free:
            del left[at]
    return False


@given(st.lists(st.text("aB_ é", min_size=1, max_size=80), min_size=1, max_size=30))
def test_names_of_constraints_are_short_plain_and_never_twice_the_same(names: list[str]) -> None:
    taken: set[str] = set()
    made = [constraint_name(["t", name, "key"], taken, 63) for name in names]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch("[a-z_][a-z0-9_]*", name) and len(name) <= 63 for name in made)
