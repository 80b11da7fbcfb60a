/* ---
description: What each customer bought; returned orders are not counted.
columns:
  customer_id: {type: varchar, description: Number of the customer, primary_key: true,
    references: clean.customers.customer_id}
  name: {type: varchar, description: Name, not_null: true}
  country: {type: varchar, description: Two-letter code of the country, not_null: true}
  orders: {type: bigint, description: Orders, not_null: true, at_least: 0}
  revenue: {type: "decimal(12, 2)", description: Their value in euros, not_null: true, at_least: 0}
checks:
  - rows: {matches: clean.customers}
--- */
select
    c.customer_id,
    c.name,
    c.country,
    count(o.order_id) as orders,
    cast(coalesce(sum(o.amount), 0) as decimal(12, 2)) as revenue
from clean.customers as c
left join clean.orders as o on c.customer_id = o.customer_id and o.status <> 'returned'
group by c.customer_id, c.name, c.country
order by c.customer_id
