"""A small project in which a run does all that a run can do, before and after a change."""

from __future__ import annotations

from pathlib import Path

BEFORE = {
    "config.yaml": "pipeline: p\nrun: {workers: 1, retries: 0}\n",
    "data_raw/orders-1.csv": "id,customer,amount\n1,a,10\n2,b,20\n3,a,-1\n",
    "data_raw/customers.csv": "customer,name\na,Ada\nb,Bob\n",
    "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv, tolerate_rows: 1}\n",
    "src/raw/customers.yaml": "source: {files: data_raw/customers.csv}\n",
    "src/clean/customers.sql": "select customer, name from raw.customers",
    "src/clean/orders.sql": """/* ---
columns:
  id: {unique: true}
  customer: {references: clean.customers.customer}
  amount: {at_least: 0, on_violation: quarantine}
--- */
select * from raw.orders
""",
    "src/warehouse/by_customer.sql": "select customer, count(*) as orders from clean.orders "
    "group by customer",
    "src/warehouse/named.sql": "/* ---\nmaterialized: view\n--- */\n"
    "select name, orders from warehouse.by_customer join clean.customers using (customer)",
    "src/warehouse/doubled.py": """import pyarrow as pa

from thresher import asset


@asset(inputs={"orders": "clean.orders"})
def doubled(orders: pa.Table) -> list[dict]:
    return [{"id": row["id"], "twice": 2 * row["amount"]} for row in orders.to_pylist()]
""",
}
#: A file arrives, with a line that cannot be read and a row that is set aside; SQL changes.
CHANGE = {
    "data_raw/orders-2.csv": "id,customer,amount\n4,c,40\n5\n6,b,-2\n",
    "data_raw/customers.csv": "customer,name\na,Ada\nb,Bob\nc,Cy\n",
    "src/clean/customers.sql": "select customer, upper(name) as name from raw.customers",
}


def write(root: Path, files: dict[str, str]) -> None:
    """Write files of the project."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
