"""Checks by a query of one's own, through real runs: what they read joins the audit."""

from __future__ import annotations

HEAD = """/* ---
checks:
  - query: |
      select o.id from clean.orders as o
      anti join clean.customers as c using (customer)
--- */
select * from raw.orders
"""


def test_what_a_query_reads_is_built_before_and_judged_with(shop):
    shop.write({"src/clean/orders.sql": HEAD})
    assert shop.run().exit_code == 0
    assert shop.plan()["clean.orders"] == ("keep", "unchanged")
    shop.write({"data_raw/customers.csv": "customer,name\na,Ada\n"})
    assert shop.plan()["clean.orders"] == (
        "audit",
        "checked against what changes: clean.customers",
    )
    result = shop.run()
    assert result.exit_code == 1
    (outcome,) = [each for each in result.outcomes if each.asset == "clean.orders"]
    (check,) = outcome.verdict.results
    assert (check.status.value, check.violations, check.rows) == ("failed", 1, 3)
    assert check.examples == ({"id": 2},)
    assert (check.path, check.line) == ("src/clean/orders.sql", 3)
    assert shop.rows("clean.customers") == [("a", "Ada"), ("b", "Bob")]


def test_a_project_says_that_violations_only_warn(shop):
    shop.write(
        {
            "src/clean/orders.sql": HEAD,
            "data_raw/customers.csv": "customer,name\na,Ada\n",
            "config.yaml": "pipeline: p\nchecks: {on_violation: warn}\n"
            "environments: {dev: {}, prod: {protected: true}}\nparams: {least: 2}\n",
        }
    )
    result = shop.run()
    assert (result.exit_code, result.status) == (0, "published")
    shop.write({"config.yaml": (shop.root / "config.yaml").read_text().replace("warn", "block")})
    assert shop.plan()["clean.orders"] == ("audit", "contract changed")
    assert shop.run().exit_code == 1
