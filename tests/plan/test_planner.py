"""The plan is a pure function: what is there goes in as values, what will be done comes out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from thresher.errors import CommandError
from thresher.plan.audit_key import audit_key
from thresher.plan.planner import Known, Listing, Situation, make_plan
from thresher.project.reader import read_project

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
BUILT = datetime(2026, 1, 30, tzinfo=UTC)
FILES = {
    "config.yaml": "pipeline: p\nparams: {least: 1}\n",
    "src/raw/a.yaml": "source: {files: a.csv}\n",
    "src/clean/b.sql": "select x from raw.a where x > $least",
    "src/clean/c.sql": "/* ---\ncolumns: {x: {references: clean.b.x}}\n--- */\nselect 1 as x",
    "src/warehouse/d.sql": "select * from clean.b",
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_project(tmp_path, variables={})


def situation(**changes):
    before = Situation(
        parent=None,
        published={},
        find=lambda asset, fingerprint: None,
        listings={"raw.a": Listing({"a.csv": "hash"}, BUILT)},
        run_time=NOON,
    )
    return replace(before, **changes)


def settled(project, start=None):
    """Publish, as values, everything that a plan from this situation would build."""
    now = start or situation()
    known: dict[str, Known] = dict(now.published)
    for name in project.assets:
        step = make_plan(project, replace(now, published=known)).step(name)
        known[name] = Known(
            version=f"{step.fingerprint}-1",
            fingerprint=step.fingerprint,
            ingredients=step.ingredients,
            built_at=BUILT,
        )
    for name, asset in project.assets.items():
        referenced = {other: known[other].version for other in asset.contract.references}
        key = audit_key(known[name].version, asset.contract, referenced)
        known[name] = replace(known[name], audit_key=key)
    return replace(now, published=known, parent=1)


def told(plan):
    return {step.asset: (step.action.value, step.reason) for step in plan.steps}


def test_an_empty_warehouse_builds_everything_in_stages(project):
    plan = make_plan(project, situation())
    assert set(told(plan).values()) == {("build", "never built")}
    assert [(s.stage, s.asset) for s in plan.steps] == [
        (1, "clean.c"),
        (1, "raw.a"),
        (2, "clean.b"),
        (3, "warehouse.d"),
    ]
    assert plan.step("clean.c").waits_for == ("clean.b",)
    assert plan.step("raw.a").fingerprint
    assert plan.step("clean.b").fingerprint is None


def test_what_is_settled_is_kept(project):
    plan = make_plan(project, settled(project))
    assert set(told(plan).values()) == {("keep", "unchanged")}
    assert not plan.changes
    assert plan.step("clean.b").inputs_changed_at == BUILT


def test_a_changed_file_builds_what_stands_on_it_and_audits_who_refers_to_it(project):
    changed = {"raw.a": Listing({"a.csv": "other"}, NOON)}
    plan = make_plan(project, replace(settled(project), listings=changed))
    assert told(plan) == {
        "raw.a": ("build", "file changed: a.csv"),
        "clean.b": ("build", "input changed: raw.a"),
        "clean.c": ("audit", "checked against what changes: clean.b"),
        "warehouse.d": ("build", "input changed: clean.b"),
    }
    assert plan.step("raw.a").inputs_changed_at == NOON


def test_a_version_in_the_lake_is_reused(project):
    before = settled(project)
    lake = {(n, k.fingerprint): k for n, k in before.published.items()}
    empty = situation(find=lambda asset, fingerprint: lake.get((asset, fingerprint)))
    plan = make_plan(project, empty)
    assert {action for action, _ in told(plan).values()} == {"reuse"}
    assert plan.step("warehouse.d").version == before.published["warehouse.d"].version


def test_the_unselected_keeps_its_version_and_is_stale_where_it_is(project):
    before = settled(project)
    changed = replace(before, listings={"raw.a": Listing({"a.csv": "other"}, NOON)})
    plan = make_plan(project, changed, frozenset({"warehouse.d"}))
    assert told(plan)["raw.a"] == ("keep", "not selected; stale")
    assert told(plan)["warehouse.d"] == ("keep", "unchanged")
    assert plan.partial


def test_a_source_without_files_is_built_so_that_it_fails_with_the_reason(project):
    plan = make_plan(project, situation(listings={"raw.a": Listing(fault="no file `a.csv`")}))
    assert told(plan)["raw.a"] == ("build", "no file `a.csv`")


def test_what_was_never_built_cannot_be_left_out(project):
    with pytest.raises(CommandError, match=r"reads `raw\.a`, which is not selected"):
        make_plan(project, situation(), frozenset({"clean.b"}))


def test_only_a_full_plan_removes(project):
    before = settled(project)
    extra = {**before.published, "clean.old": before.published["clean.b"]}
    assert make_plan(project, replace(before, published=extra)).removed == ("clean.old",)
    some = make_plan(project, replace(before, published=extra), frozenset({"raw.a"}))
    assert some.removed == ()


def test_a_sample_makes_other_versions(project):
    plan = make_plan(project, replace(settled(project), sample="1%"))
    assert told(plan)["raw.a"] == ("build", "sample changed")


def test_an_engine_that_matters_is_an_ingredient(project):
    plan = make_plan(project, replace(settled(project), engine="duckdb 9"))
    assert told(plan)["raw.a"] == ("build", "engine changed")


def test_the_same_project_and_situation_give_the_same_plan(project):
    assert make_plan(project, situation()) == make_plan(project, situation())
