"""A small project on disk that tests change and run."""

from __future__ import annotations

from pathlib import Path

import pytest

import thresher
from thresher.events import AssetFinished

FILES = {
    "config.yaml": "pipeline: p\nenvironments: {dev: {}, prod: {protected: true}}\n"
    "params: {least: 2}\nrun: {retries: 1, backoff: 1ms}\n",
    "data_raw/orders-1.csv": "id,customer,amount\n1,a,10\n2,b,20\n3,a,30\n",
    "data_raw/customers.csv": "customer,name\na,Ada\nb,Bob\n",
    "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv}\n",
    "src/raw/customers.yaml": "source: {files: data_raw/customers.csv}\n",
    "src/clean/customers.sql": "select * from raw.customers",
    "src/clean/orders.sql": """/* ---
columns:
  id: {type: bigint, not_null: true, unique: true}
  customer: {references: clean.customers.customer}
--- */
select * from raw.orders
""",
    "src/warehouse/by_customer.sql": """/* ---
columns: {customer: {unique: true}}
checks: [{rows: {at_least: 1}}]
--- */
select customer, count(*) as orders, sum(amount) as amount
from clean.orders group by customer having count(*) >= $least
""",
}


class Workshop:
    """A project whose files can be changed, and what its last run did."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: list = []

    def write(self, files: dict[str, str | bytes | None]) -> Workshop:
        for name, content in files.items():
            path = self.root / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def open(self, **options) -> thresher.OpenProject:
        return thresher.open(self.root, **options)

    def run(self, env=None, params=None, **options) -> thresher.RunResult:
        self.events = []
        project = self.open(env=env, params=params)
        return project.run(listeners=[self.events.append], **options)

    def plan(self, env=None, params=None, **options) -> dict[str, tuple[str, str]]:
        made = self.open(env=env, params=params).plan(**options)
        return {step.asset: (step.action.value, step.reason) for step in made.steps}

    @property
    def done(self) -> dict[str, str]:
        """How each asset of the last run ended."""
        return {e.asset: e.status for e in self.events if isinstance(e, AssetFinished)}

    def rows(self, table: str, env=None) -> list[tuple]:
        return sorted(self.open(env=env).query(f"select * from {table}").rows)


@pytest.fixture
def shop(tmp_path) -> Workshop:
    return Workshop(tmp_path / "shop").write(FILES)
