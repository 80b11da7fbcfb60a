"""Only views that differ are written anew, and those that read them, in an order that works."""

from __future__ import annotations

from made_versions import snapshot_of

from thresher.results import Snapshot
from thresher.warehouse.views import changes


def table(name: str, fingerprint: str = "f0", **options: object) -> Snapshot:
    return snapshot_of(name, fingerprint=fingerprint, build="1", **options)


def view(name: str, *inputs: str) -> Snapshot:
    versions = dict.fromkeys(inputs, "f0-1")
    return snapshot_of(name, fingerprint="f0", build="1", sql="select 1", inputs=versions)


def named(*snapshots: Snapshot) -> dict[str, Snapshot]:
    return {snapshot.asset: snapshot for snapshot in snapshots}


def test_nothing_is_written_where_nothing_differs() -> None:
    tables = named(table("a.x"), table("a.y"))
    found = changes(tables, dict(tables))
    assert (found.dropped, found.written) == ((), ())


def test_only_what_differs_is_written() -> None:
    found = changes(named(table("a.x"), table("a.y")), named(table("a.x"), table("a.y", "f1")))
    assert (found.dropped, found.written) == ((), ("a.y",))


def test_what_is_gone_is_dropped_and_what_is_new_is_written() -> None:
    found = changes(named(table("a.x")), named(table("a.y")))
    assert (found.dropped, found.written) == (("a.x",), ("a.y",))


def test_views_follow_what_they_read() -> None:
    tables = named(view("a.a", "a.b"), view("a.b", "a.c"), view("a.c", "a.d"), table("a.d"))
    assert changes({}, tables).written == ("a.d", "a.c", "a.b", "a.a")
    assert changes(tables, {}).dropped == ("a.a", "a.b", "a.c", "a.d")


def test_views_on_what_differs_are_written_anew_though_they_are_the_same() -> None:
    views = view("a.b", "a.x"), view("a.c", "a.b"), view("a.d", "a.y")
    before = named(table("a.x"), table("a.y"), *views)
    after = named(table("a.x", "f1"), table("a.y"), *views)
    assert changes(before, after).written == ("a.x", "a.b", "a.c")


def test_tables_on_what_differs_stay_as_they_are() -> None:
    built = table("a.z", inputs={"a.x": "f0-1"})
    before, after = named(table("a.x"), built), named(table("a.x", "f1"), built)
    assert changes(before, after).written == ("a.x",)
