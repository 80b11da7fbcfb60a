"""Whose word holds where several speak of one check, and what cannot be said together."""

from __future__ import annotations

import pytest

from thresher.errors import ProjectError
from thresher.project.contract import Check, OnViolation, Severity, Tolerance
from thresher.project.contracts import read_head
from thresher.project.documents import parse_document
from thresher.project.policies import Standing
from thresher.project.reader import read_project

BLOCK, QUARANTINE, WARN = OnViolation.BLOCK, OnViolation.QUARANTINE, OnViolation.WARN


def read(text: str, **project) -> tuple[Check, ...]:
    document = parse_document(text, "src/clean/flights.sql")
    return read_head(document, Standing(**project))[1].checks


def column(check: str, around: str = "", defaults: str = "", **project) -> Check:
    """Give a check of a column, of which the column, the asset and the project speak as well."""
    text = f"defaults: {{{defaults}}}\ncolumns: {{id: {{{check}, {around}}}}}"
    return read(text.replace(", }", "}"), **project)[0]


@pytest.mark.parametrize(
    ("levels", "severity"),
    [
        (("not_null: true",), "error"),
        (("not_null: true", "", "", "warning"), "warning"),
        (("not_null: true", "", "severity: critical", "warning"), "critical"),
        (("not_null: true", "severity: error", "severity: critical", "warning"), "error"),
        (("not_null: {severity: warning}", "severity: error", "severity: critical"), "warning"),
    ],
)
def test_the_nearest_word_holds(levels, severity):
    *said, project = (*levels, *[""] * (4 - len(levels)))
    check = column(*said, **({"severity": project} if project else {}))
    assert check.severity.value == severity


def test_a_table_check_takes_what_the_asset_and_the_project_say():
    (check,) = read(
        "defaults: {tolerate: 5}\nchecks: [expression: a > 0]", severity="warning", tolerate="1%"
    )
    assert (check.severity, check.tolerate) == (Severity.WARNING, Tolerance(5))


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("not_null: {tolerate: 5}", "warn_above: 9"), (Tolerance(5), None, None)),
        (("not_null: {warn_above: 5}", "tolerate: 9"), (Tolerance(), Tolerance(5), None)),
        (("not_null: true", "tolerate: 9, error_above: 20"), (Tolerance(9), None, Tolerance(20))),
        (("not_null: {error_above: 1%}",), (Tolerance(), None, Tolerance(share=0.01))),
        (("not_null: {severity: warning}", "error_above: 3"), (Tolerance(), None, None)),
        (("not_null: {on_violation: warn}", "error_above: 3"), (Tolerance(), None, None)),
    ],
)
def test_thresholds_of_different_levels_do_not_contradict(levels, expected):
    check = column(*levels)
    assert (check.tolerate, check.warn_above, check.error_above) == expected


def test_thresholds_around_a_check_that_counts_nothing_do_not_touch_it():
    check = column("freshness: 1d", "warn_above: 5, error_above: 9")
    assert (check.warn_above, check.error_above) == (None, None)
    assert column("freshness: 1d", "tolerate: 5").tolerate == Tolerance()


@pytest.mark.parametrize("lenient", ["severity: warning", "on_violation: warn"])
def test_a_nearer_threshold_for_errors_makes_an_error_of_it(lenient):
    check = column("not_null: {error_above: 3}", lenient)
    assert (check.severity, check.on_violation) == (Severity.ERROR, BLOCK)
    assert check.error_above == Tolerance(3)


@pytest.mark.parametrize(
    ("check", "around", "defaults", "reaction"),
    [
        ("not_null: true", "on_violation: quarantine", "", QUARANTINE),
        ("mean: [0, 1]", "on_violation: quarantine", "", BLOCK),
        ("mean: [0, 1]", "on_violation: quarantine", "on_violation: warn", WARN),
        ("freshness: {within: 1d, on_violation: warn}", "on_violation: quarantine", "", WARN),
        ("unique: true", "", "on_violation: quarantine", QUARANTINE),
    ],
)
def test_what_is_set_apart_by_default_is_what_can_be(check, around, defaults, reaction):
    assert column(check, around, defaults).on_violation is reaction


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "columns:\n  id:\n    freshness: {within: 1d, on_violation: quarantine}",
            "src/clean/flights.sql:3: the check `freshness(id, 86400.0)` speaks of no single rows",
        ),
        (
            "checks:\n  - rows: {at_least: 1, error_above: 5}",
            "flights.sql:2: the check `rows(1)` holds or does not, so there is nothing to count",
        ),
        ("checks: [rows: {at_least: 1, tolerate: 5}]", "there is nothing to count for `tolerate`"),
        (
            "checks:\n  - query: {query: select 1, on_violation: quarantine}",
            "src/clean/flights.sql:2: the check `query(select 1)` speaks of no single rows",
        ),
        ("defaults: {tolerate: 1, warn_above: 1}", "`defaults` should have `tolerate` or"),
        ("columns: {id: {error_above: 1, severity: warning}}", "`columns.id` has an `error_above`"),
        ("defaults: {warn_above: 5, error_above: 4}", "warns only above 5, and fails above 4"),
        ("defaults: {warn_above: 5%, error_above: 4%}", "warns only above 5%, and fails above 4%"),
        ("defaults: {where: a > 1}", "unknown key `defaults.where`"),
        ("checks: [query: {query: select 1, where: a > 1}]", "has a `where`; say it in the query"),
        ("columns: {id: {format: emial}}", "`emial`; did you mean `email`?"),
        ("columns: {id: {length: -}}", "should be a valid integer"),
        ("columns: {id: {mean: 5}}", "should be `[low, high]`, or say `at_least` or `at_most`"),
        ("columns: {id: {mean: {}}}", "needs one of `between`, `at_least`"),
        ("columns: {id: {mean: {between: [1, 2], at_least: 1}}}", "should have `between`, or"),
        ("columns: {id: {no_gap: fortnight}}", "or such as `day` or `15 minutes`, with `second`"),
        ("columns: {id: {unique: {keep: newest}}}", "such as `first by updated_at desc`"),
        ("columns: {id: {increasing: true}}", "should name columns such as `day`"),
        ("columns: {id: {reconciles: raw.orders}}", "name a column as `layer.asset.column`"),
        ("columns: {id: {change: rows}}", "should be 'mean', 'sum', 'min'"),
        ("checks: [reconciles: {with: raw.o.x}]", "`checks.0.reconciles.sum` is missing"),
        ("columns: {id: {quantile: {at: 2, at_most: 5}}}", "a share such as `1%`"),
        ("columns: {id: {null_share: {}}}", "needs `at_least` or `at_most`"),
        (
            "columns: {id: {accepted_values: [1]}}",
            "unknown key `columns.id.accepted_values`\n  hint: it is called `accepted` here",
        ),
        (
            "columns: {id: {expect_column_values_to_not_be_null: true}}",
            "it is called `not_null` here",
        ),
        ("checks: [{row_count: {at_least: 1}}]", "it is called `rows` here"),
        ("checks: [{mutually_exclusive_ranges: {}}]", "it is called `no_overlap` here"),
        (
            "columns: {id: {row_count: 5}}",
            "`rows` is a check of the table: write it under `checks`",
        ),
        ("columns: {id: {query: select 1}}", "`query` is a check of the table: write it under"),
        ("checks: [not_null: [id]]", "`not_null` is a check of a column: write it there, under"),
        ("checks: [accepted_values: [1]]", "`accepted` is a check of a column: write it there"),
        ("defaults: {not_null: true}", "valid keys: error_above, on_violation, severity, tolerate"),
        ("columns: {id: {nul_share: 1%}}", "did you mean `null_share`?"),
    ],
)
def test_what_cannot_be_said_is_told_with_its_line(text, fault):
    with pytest.raises(ProjectError) as caught:
        read(text)
    assert fault in str(caught.value.faults[0])


@pytest.mark.parametrize(
    ("policy", "violations", "rows", "severity"),
    [
        ("tolerate: 2", 2, 10, None),
        ("tolerate: 2", 3, 10, "error"),
        ("warn_above: 2", 2, 10, None),
        ("warn_above: 2", 10, 10, "warning"),
        ("error_above: 2", 1, 10, "warning"),
        ("error_above: 20%", 2, 10, "warning"),
        ("error_above: 20%", 3, 10, "error"),
        ("error_above: 20%, severity: critical", 3, 10, "critical"),
        ("warn_above: 1, error_above: 50%", 1, 10, None),
        ("warn_above: 1, error_above: 50%", 5, 10, "warning"),
        ("warn_above: 1, error_above: 50%", 6, 10, "error"),
        ("tolerate: 1, error_above: 5", 5, 10, "warning"),
        ("warn_above: 0", 1, 10, "warning"),
        ("error_above: 5", 1, 0, "error"),
    ],
)
def test_violations_are_weighed_by_their_number(policy, violations, rows, severity):
    assert column(f"not_null: {{{policy}}}").weigh(violations, rows) == severity
    assert column(f"not_null: {{{policy}}}").weigh(0, rows) is None


def test_a_project_says_how_violations_are_weighed(tmp_path):
    for name, text in {
        "config.yaml": "pipeline: p\nchecks: {severity: warning, tolerate: 0.1%}\n",
        "src/raw/a.yaml": "source: {files: x.csv}\ncolumns: {id: {not_null: true}}\n",
        "src/clean/b.sql": "/* ---\nchecks: [unique: {columns: id, severity: critical}]\n--- */\n"
        "select * from raw.a",
        "src/clean/c.py": "from thresher import asset\nimport pyarrow as pa\n"
        "@asset(defaults={'tolerate': 3}, columns={'id': {'not_null': True}},"
        " inputs={'a': 'raw.a'})\ndef c(a: pa.Table): ...\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    project = read_project(tmp_path, variables={})
    checks = [asset.contract.checks[0] for asset in project.assets.values()]
    share = Tolerance(share=0.001)
    assert [(check.severity.value, check.tolerate) for check in checks] == [
        ("warning", share),
        ("critical", share),
        ("warning", Tolerance(3)),
    ]
    assert project.settings.record()["checks"] == {"severity": "warning", "tolerate": "0.1%"}


def test_a_projects_faults_are_told(tmp_path):
    (tmp_path / "config.yaml").write_text("pipeline: p\nchecks:\n  severity: bad\n  tolerat: 1\n")
    with pytest.raises(ProjectError) as caught:
        read_project(tmp_path, variables={})
    told = "\n".join(map(str, caught.value.faults))
    assert "config.yaml:3: `checks.severity` should be 'warning', 'error' or 'critical'" in told
    assert "config.yaml:4: unknown key `checks.tolerat`\n  hint: did you mean `tolerate`?" in told
