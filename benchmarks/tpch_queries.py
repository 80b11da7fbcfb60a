"""The queries of the TPC-H benchmark: eight clean tables, and six marts after its own queries."""

from __future__ import annotations

COLUMNS = {
    "region": "r_regionkey:integer r_name r_comment",
    "nation": "n_nationkey:integer n_name n_regionkey:integer n_comment",
    "supplier": "s_suppkey:bigint s_name s_address s_nationkey:integer s_phone s_acctbal:money "
    "s_comment",
    "customer": "c_custkey:bigint c_name c_address c_nationkey:integer c_phone c_acctbal:money "
    "c_mktsegment c_comment",
    "part": "p_partkey:bigint p_name p_mfgr p_brand p_type p_size:integer p_container "
    "p_retailprice:money p_comment",
    "partsupp": "ps_partkey:bigint ps_suppkey:bigint ps_availqty:integer ps_supplycost:money "
    "ps_comment",
    "orders": "o_orderkey:bigint o_custkey:bigint o_orderstatus o_totalprice:money "
    "o_orderdate:date o_orderpriority o_clerk o_shippriority:integer o_comment",
    "lineitem": "l_orderkey:bigint l_partkey:bigint l_suppkey:bigint l_linenumber:integer "
    "l_quantity:money l_extendedprice:money l_discount:money l_tax:money l_returnflag "
    "l_linestatus l_shipdate:date l_commitdate:date l_receiptdate:date l_shipinstruct "
    "l_shipmode l_comment",
}

TABLES = tuple(COLUMNS)


def clean(table: str) -> str:
    """Write the query that types and trims a raw table."""
    items = []
    for column in COLUMNS[table].split():
        name, _, kind = column.partition(":")
        kind = kind.replace("money", "decimal(15, 2)")
        items.append(f"cast({name} as {kind}) as {name}" if kind else f"trim({name}) as {name}")
    return f"select {', '.join(items)} from raw.{table}"


CLEAN = {table: clean(table) for table in TABLES}

MARTS = {
    "pricing_summary": """
select l_returnflag, l_linestatus, sum(l_quantity) as quantity, sum(l_extendedprice) as base_price,
    sum(l_extendedprice * (1 - l_discount)) as discounted_price, count(*) as items
from clean.lineitem
where l_shipdate <= date '1998-09-02'
group by l_returnflag, l_linestatus
""",
    "unshipped_orders": """
select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate, o_shippriority
from clean.customer join clean.orders on c_custkey = o_custkey
    join clean.lineitem on l_orderkey = o_orderkey
where c_mktsegment = 'BUILDING' and o_orderdate < date '1995-03-15'
    and l_shipdate > date '1995-03-15'
group by l_orderkey, o_orderdate, o_shippriority
""",
    "local_supplier_volume": """
select r_name, n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
from clean.customer join clean.orders on c_custkey = o_custkey
    join clean.lineitem on l_orderkey = o_orderkey
    join clean.supplier on l_suppkey = s_suppkey and c_nationkey = s_nationkey
    join clean.nation on s_nationkey = n_nationkey
    join clean.region on n_regionkey = r_regionkey
group by r_name, n_name
""",
    "revenue_change": """
select year(l_shipdate) as year, sum(l_extendedprice * l_discount) as revenue
from clean.lineitem
where l_discount between 0.05 and 0.07 and l_quantity < 24
group by year
""",
    "returned_items": """
select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) as revenue, c_acctbal, n_name
from clean.customer join clean.orders on c_custkey = o_custkey
    join clean.lineitem on l_orderkey = o_orderkey
    join clean.nation on c_nationkey = n_nationkey
where l_returnflag = 'R'
group by c_custkey, c_name, c_acctbal, n_name
""",
    "important_stock": """
select ps_partkey, p_brand, sum(ps_supplycost * ps_availqty) as value
from clean.partsupp join clean.part on ps_partkey = p_partkey
    join clean.supplier on ps_suppkey = s_suppkey
group by ps_partkey, p_brand
""",
}
