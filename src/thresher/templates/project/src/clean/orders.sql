/* ---
description: Orders since $start_date, one row each; what is exported twice stands once.
columns:
  order_id: {type: bigint, description: Number of the order, primary_key: true}
  customer_id:
    type: varchar
    description: Who ordered
    not_null: true
    references: {to: clean.customers.customer_id, severity: warning,
      message: the customer is newer than the list of customers}
  ordered_on: {type: date, description: Day of the order, not_null: true}
  product:
    type: varchar
    description: What was ordered
    not_null: true
    references: {to: clean.products.product, severity: warning,
      message: the product is not in the catalogue}
  quantity: {type: bigint, description: How many, between: [1, 100]}
  amount: {type: "decimal(12, 2)", description: Value of the order in euros, at_least: 0}
  status: {type: varchar, description: How it stands, accepted: [delivered, open, returned]}
checks:
  - rows: {matches: raw.orders, within: 5%, severity: warning, message: many orders were left out}
--- */
select
    order_id,
    customer_id,
    ordered_on,
    product,
    quantity,
    cast(quantity * unit_price as decimal(12, 2)) as amount,
    status
from raw.orders
where ordered_on >= $start_date
-- An order of the last day of a month can be in the files of both months; its later state counts.
qualify row_number() over (partition by order_id order by status <> 'open' desc, status) = 1
order by order_id
