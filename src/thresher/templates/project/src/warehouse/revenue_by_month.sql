/* ---
description: What was sold in each month; returned orders are not counted.
columns:
  month: {type: date, description: First day of the month, primary_key: true}
  orders: {type: bigint, description: Orders, at_least: 1}
  revenue: {type: "decimal(12, 2)", description: Their value in euros, not_null: true, at_least: 0}
  mean_order: {type: double, description: Mean value of an order in euros}
checks:
  - rows: {at_least: 1}
--- */
select
    cast(date_trunc('month', ordered_on) as date) as month,
    count(*) as orders,
    cast(sum(amount) as decimal(12, 2)) as revenue,
    round(avg(amount), 2) as mean_order
from clean.orders
where status <> 'returned'
group by cast(date_trunc('month', ordered_on) as date)
order by month
