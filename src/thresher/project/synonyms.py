"""What checks are called elsewhere, so that whoever comes from there is told their names here.

The names are those of dbt, dbt-utils, dbt-expectations, Great Expectations, Soda and Pandera;
`expect_column_values_to_be_` and the like are taken off before a name is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_FRAME = re.compile(
    r"expect_(table_|column_pair_|column_|compound_columns_|multicolumn_)?"
    r"(values_)?(to_be_|to_)?|^test_|_percent$|_to_(be_between|equal)$"
)

#: Name here by name elsewhere.
NAMES = {
    "accepted": "accepted_values isin in_set be_in_set valid_values allowed_values one_of enum",
    "at_least": "ge greater_than_or_equal_to min_value valid_min",
    "at_most": "le less_than_or_equal_to max_value valid_max",
    "between": "accepted_range in_range range value_between",
    "change": "anomaly_detection change_avg_last anomaly_score row_count_anomaly volume_anomalies",
    "decreasing": "be_decreasing",
    "distinct": "cardinality distinct_count unique_value_count unique_count nunique n_unique"
    " distinct_values number_of_distinct_values cardinality_equality",
    "expression": "expression_is_true check checks condition sql_expression satisfies",
    "forbidden": "not_accepted_values notin not_in_set not_be_in_set invalid_values"
    " rejected_values",
    "format": "valid_format match_format",
    "freshness": "recency max_age row_recency",
    "increasing": "sequential_values be_increasing monotonic is_monotonic_increasing sorted",
    "length": "str_length valid_length value_lengths lengths",
    "max": "maximum",
    "mean": "avg average",
    "min": "minimum",
    "no_gap": "gap_free complete_dates no_missing_dates no_gaps continuous"
    " row_values_to_have_data_for_every_n_datepart",
    "no_overlap": "mutually_exclusive_ranges no_overlaps non_overlapping",
    "not_blank": "not_empty_string not_empty non_empty no_empty_strings",
    "not_null": "nullable required non_null not_be_null no_nulls missing missing_count notnull",
    "null_share": "not_null_proportion missing_percent missing null_percentage null_rate nulls",
    "pattern": "regex match_regex str_matches matches valid_regex like match_like_pattern",
    "primary_key": "pk key",
    "quantile": "percentile median quantile_values quantiles",
    "query": "custom_sql sql singular failed_rows user_defined fail_query",
    "reconciles": "equal_sum reconciliation aggregate_equality cross_check sum_matches",
    "references": "relationships foreign_key fk relationships_where in_other values_in",
    "rows": "row_count equal_rowcount fewer_rows_than",
    "stddev": "stdev std standard_deviation",
    "sum": "total",
    "type": "dtype data_type be_of_type of_type",
    "unique": "unique_combination_of_columns be_unique duplicate_count duplicates no_duplicates"
    " unique_rows is_unique distinct_rows",
}
_OF_TABLES = ("rows", "query", "no_overlap")
_HERE: dict[str, list[str]] = {}
for _name, _others in NAMES.items():
    for _other in _others.split():
        _HERE.setdefault(_other, []).append(_name)


def called_here(name: str, names: Iterable[str]) -> str | None:
    """Give the hint that says what a check of other tools is called here, and where it can stand.

    Args:
        name: its name elsewhere.
        names: what can stand in its place.
    """
    valid = set(names)
    bare = _FRAME.sub("", name.lower())
    meant = [found for each in (name.lower(), bare) for found in (*_HERE.get(each, ()), each)]
    for found in meant:
        if found in valid:
            return f"it is called `{found}` here"
    if "not_null" in valid and (found := next(filter(_OF_TABLES.__contains__, meant), "")):
        return f"`{found}` is a check of the table: write it under `checks`"
    if "query" in valid and (found := next(filter(NAMES.__contains__, meant), "")):
        return f"`{found}` is a check of a column: write it there, under `columns`"
    return None
