"""Input files that are not what they should be: each is refused by name, line and reason."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from published_shop import GOOD, Case, Shop

RAW = "src/raw/orders.yaml"
HEADER = "id,customer,amount\n"
CSV = str(GOOD["data_raw/orders-1.csv"])
LONG_CSV = (HEADER + "".join(f"{n},c{n},{n * n}\n" for n in range(999))).encode()
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0"
HTML = "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"
ANEW = "`thresher run --full-refresh`"


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv", content)
    return packed.getvalue()


def parquet() -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table({"id": [1], "customer": ["a"], "amount": [10]}), written)
    return written.getvalue()


def later(ending: str, content: str | bytes, *told: str, contract: str = "") -> Case:
    """A second file for an asset whose first one is published."""
    path = f"data_raw/orders-2{ending}"
    raw = f"source: {{files: data_raw/orders-*}}\n{contract}"
    return Case({path: content, RAW: raw}, ("raw.orders failed", path, *told))


def missing(glob: str, *told: str) -> Case:
    return Case({RAW: f"source: {{files: {glob}}}\n"}, ("raw.orders failed", RAW, *told))


CASES = {
    "empty": later(".csv", "", "the file is empty", "fetch it again"),
    "gzip cut short": later(".csv.gz", gzip.compress(LONG_CSV)[:-99], "cut short", "fetch it"),
    "gzip damaged": later(".csv.gz", gzip.compress(LONG_CSV)[:-8] + b"12345678", "damaged"),
    "zip cut short": later(".csv.zip", zipped(LONG_CSV)[:-99], "cut short", "fetch it again"),
    "parquet cut short": later(".parquet", parquet()[:-50], "cut short", "fetch it again"),
    "parquet damaged": later(".parquet", b"PAR1" + b"x" * 90 + b"PAR1", "damaged", "fetch it"),
    "PNG named .csv": later(".csv", PNG, "it is a PNG image, not a CSV file", "`format:`"),
    "HTML named .csv": later(".csv", HTML, "it is an HTML page, not a CSV file"),
    "CSV named .parquet": later(".parquet", CSV, "not a Parquet file", "`id,customer,amount`"),
    "CSV named .gz": later(".csv.gz", CSV, "not a gzip file", "take `.gz` from its name"),
    "CSV named .zip": later(".csv.zip", CSV, "not a zip file", "take `.zip` from its name"),
    "CSV named .xlsx": later(".xlsx", CSV, "it is not an Excel workbook", "`format:`"),
    "zip named .xlsx": later(".xlsx", zipped(LONG_CSV), "no Excel file", "save it anew"),
    "CSV named .json": later(".json", CSV, "-2.json:1", "not valid JSON"),
    "unknown ending": later(".dat", CSV, "`.dat` does not tell the format", "say `format:`"),
    "latin-1": later(".csv", (HEADER + "4,Zo\xeb,5\n").encode("latin-1"), ".csv:2", "`encoding:"),
    "UTF-16": later(".csv", CSV.encode("utf-16"), "it is UTF-16", "say `encoding: utf-16`"),
    "UTF-16 without a mark": later(".csv", CSV.encode("utf-16-be"), "say `encoding: utf-16-be`"),
    "NUL byte": later(".csv", HEADER + "4,a\0b,5\n", ".csv:2", "NUL byte", "damaged"),
    "row too short": later(".csv", HEADER + "4,a,5\n5,b\n", ".csv:3", "2 fields instead of 3"),
    "row too long": later(".csv", HEADER + "4,a,5,6\n", ".csv:2", "4 fields instead of 3", "mend"),
    "open quote": later(".csv", HEADER + '4,"a,5\n5,b,6\n', ".csv:2", "a quote is not closed"),
    "name twice": later(".csv", "id,id,amount\n4,a,5\n", ".csv:1", "two columns are called `id`"),
    "JSON": later(".json", '[{"id": 4},\n {"id": 5', "-2.json:2", "not valid JSON", "mend it"),
    "JSON lines": later(".ndjson", '{"id": 4}\n{"id": 5,,}\n', ".ndjson:2", "not valid JSON"),
    "value not of its type": later(
        ".csv",
        HEADER + "4,a,5\n5,a,much\n",
        ".csv:3: `amount` should be BIGINT, not `much`\n",
        "change the column's `type` in the contract",
        contract="columns: {amount: {type: bigint}}\n",
    ),
    "type unlike before": later(
        ".csv", HEADER + "4,a,5\n5,a,much\n", ".csv:3: `amount` should be BIGINT, not `much`", ANEW
    ),
    "new column": later(".csv", "id,customer,amount,x\n4,a,5,6\n", "column `x` is new", ANEW),
    "lost column": later(".csv", "id,customer\n4,a\n", "column `amount` is missing", ANEW),
    "none": Case({"data_raw/orders-1.csv": None}, (RAW, "no file matches `data_raw/orders-*`")),
    "no folder": missing("data/x.csv", "no file matches `data/x.csv`", "no folder `data`"),
    "misspelt": missing("data_raw/order-1.csv", "no file matches", "there is `orders-1.csv`"),
    "a folder": missing("data_raw", "`data_raw` is a folder", "`data_raw/*`"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_bad_file_is_refused_by_name(shop: Shop, case: Case) -> None:
    shop.assert_refuses(case)


def test_of_many_bad_files_each_is_told_and_the_summary_stays_short(shop: Shop) -> None:
    bad = [f"data_raw/orders-{n}.csv" for n in range(2, 9)]
    shop.put(dict.fromkeys(bad, f"{HEADER}4,a\n"))
    ended = shop.run()
    assert ended.code == 1
    what = "the row has 2 fields instead of 3"
    assert [path for path in bad if f"{path}:2: {what}\n    hint: " in ended.said] == bad[:5]
    assert "... and 2 more" in ended.said
    log = (shop.root / "logs" / "error.log").read_text()
    assert [path for path in bad if f"{path}:2: {what}" in log] == bad
    shop.assert_untouched()


def test_a_repaired_file_is_read_and_the_others_are_not(shop: Shop) -> None:
    path = "data_raw/orders-2.csv"
    shop.put({path: f"{HEADER}4,c,oops\n", "src/warehouse/ids.sql": "select 1 as id"})
    assert shop.run().code == 1
    shop.assert_untouched()
    shop.put({path: f"{HEADER}4,c,40\n"})
    result, built = shop.again()
    assert result.status == "published"
    assert built == {"raw.orders", "clean.orders", "warehouse.by_customer"}
    assert shop.rows("warehouse.by_customer") == [("a", 40), ("b", 20), ("c", 40)]
    read = next(o.snapshot for o in result.outcomes if o.asset == "raw.orders")
    assert read is not None
    first, second = (Path(file.path).parent for file in read.files)
    assert first != second


CLOSED = {
    "a file": ("data_raw/orders-2.csv", "data_raw/orders-*", "the file may not be read"),
    "a folder": ("data_raw/new", "data_raw/new/*.csv", "`data_raw/new` may not be read"),
    "a folder below": ("data_raw/new", "data_raw/**/*.csv", "`data_raw/new` may not be read"),
}


@pytest.mark.parametrize(("closed", "glob", "told"), CLOSED.values(), ids=CLOSED)
@pytest.mark.parametrize("listed", [False, True], ids=["shut", "without its right to enter"])
def test_what_may_not_be_read_is_told_and_is_not_taken_for_nothing(
    shop: Shop, unprivileged: tuple[str, ...], closed: str, glob: str, told: str, *, listed: bool
) -> None:
    path = closed if closed.endswith(".csv") else f"{closed}/orders-2.csv"
    shop.put({path: f"{HEADER}4,a,1\n", RAW: f"source: {{files: {glob}}}\n"})
    mode = 0o400 if listed and path != closed else 0
    (shop.root / closed).chmod(mode)
    ended = shop.run(*unprivileged)
    (shop.root / closed).chmod(0o700)
    assert ended.code == 1, ended.said
    assert told in ended.said
    assert "chmod" in ended.said
    shop.assert_untouched()
    assert shop.again()[0].status == "published"


@pytest.mark.parametrize(
    "closed", ["src/warehouse", "src/warehouse/by_customer.sql", "config.yaml"]
)
def test_a_part_of_the_project_that_may_not_be_read_does_not_take_its_tables_away(
    shop: Shop, unprivileged: tuple[str, ...], closed: str
) -> None:
    mode = (shop.root / closed).stat().st_mode
    (shop.root / closed).chmod(0)
    ended = shop.run(*unprivileged)
    (shop.root / closed).chmod(mode)
    assert ended.code == 2
    assert f"{closed}: it may not be read\n  hint: " in ended.said
    shop.assert_untouched()
    assert shop.again()[0].status == "unchanged"
