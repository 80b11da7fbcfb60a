"""What each country brings in: an asset in Python, here with Arrow."""

import pyarrow as pa
import pyarrow.compute as pc

from thresher import asset


@asset(
    description="What each country brings in, and its share of all revenue.",
    inputs={"customers": "warehouse.customer_value"},
    columns={
        "country": {"type": "varchar", "description": "Code of the country", "primary_key": True},
        "customers": {"type": "bigint", "description": "Customers there", "at_least": 1},
        "revenue": {"type": "double", "description": "Revenue in euros", "at_least": 0},
        "share": {"type": "double", "description": "Share of all revenue", "between": [0, 1]},
    },
    checks=[{"rows": {"at_least": 1}}],
)
def country_share(customers: pa.Table) -> pa.Table:
    """Add up the customers of each country."""
    found = customers.group_by("country").aggregate([("customer_id", "count"), ("revenue", "sum")])
    revenue = pc.round(pc.cast(found["revenue_sum"], pa.float64()), 2)
    total = pc.sum(revenue)
    whole = pc.if_else(pc.greater(total, 0), total, None)  # a share of nothing is not known
    share = pc.round(pc.divide(revenue, whole), 4)
    columns = [found["country"], found["customer_id_count"], revenue, share]
    return pa.table(columns, names=["country", "customers", "revenue", "share"]).sort_by("country")
