"""What DuckDB's functions do to a build, as data.

Taken by hand from `select function_name, stability from duckdb_functions()` in DuckDB 2.0.1, which
calls a function `VOLATILE` or `CONSISTENT_WITHIN_QUERY` if it may answer differently another time.
Left out are those of the second kind that depend on the session's time zone alone (`date_trunc`,
`strftime` and the like): the time zone is part of every fingerprint. So is `error`, which never
answers at all.
"""

from __future__ import annotations

#: Functions that depend on the clock, on chance, or on the state of the connection.
NOT_REPEATABLE = frozenset(
    """
    ago current_date current_localtime current_localtimestamp current_time current_timestamp
    get_current_time get_current_timestamp localtime localtimestamp now today
    transaction_timestamp pg_conf_load_time pg_postmaster_start_time gen_random_uuid rand
    random reservoir_quantile setseed uuid uuidv4 uuidv7 currval nextval setval current_catalog
    current_connection_id current_database current_query current_query_id current_role
    current_schema current_schemas current_setting current_transaction_id current_user
    get_block_size getenv getvariable in_search_path session_user stats txid_current
    vector_type sleep_ms write_log
    """.split()  # noqa: SIM905  # a page of words
)

#: Families of table functions that tell the state of the engine.
ENGINE_STATE = ("duckdb_", "pragma_")

#: Functions that are not repeatable when they are called with one argument: `age(x)` is from today.
NOT_REPEATABLE_ALONE = frozenset({"age"})

#: Functions that read files, other databases, or tables that are named by a text.
READ_OUTSIDE = frozenset(
    """
    glob read_blob read_text sniff_csv read_csv read_csv_auto read_duckdb read_json
    read_json_auto read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto
    read_ndjson_objects read_parquet read_single_csv_file read_single_json_file
    read_single_parquet_file parquet_bloom_probe parquet_file_metadata parquet_full_metadata
    parquet_kv_metadata parquet_metadata parquet_page_index parquet_scan parquet_schema
    arrow_scan arrow_scan_dumb pandas_scan python_arrow_scan python_map_function seq_scan
    delta_scan ducklake_scan iceberg_metadata iceberg_scan iceberg_snapshots lance_scan
    mysql_query mysql_scan postgres_query postgres_scan postgres_scan_pushdown read_avro
    read_gsheet read_vortex read_xlsx sqlite_query sqlite_scan st_read st_read_meta
    json_execute_serialized_sql query query_table
    """.split()  # noqa: SIM905  # a page of words
)

#: Endings by which DuckDB takes a quoted name for a file.
FILE_ENDINGS = (
    ".avro", ".csv", ".db", ".duckdb", ".geojson", ".gz", ".json", ".jsonl", ".ndjson", ".parquet",
    ".sqlite", ".tsv", ".txt", ".vortex", ".xlsx", ".zst",
)  # fmt: skip

#: Words that stand before a parenthesis and call nothing.
CLAUSES = frozenset(
    """
    at bernoulli exclude group key materialized rename repeatable reservoir sets system within
    """.split()  # noqa: SIM905  # a page of words
)

#: Functions that sqlglot parses as syntax, without a trace of their place.
SYNTAX = frozenset({"if", "map", "unnest"})
