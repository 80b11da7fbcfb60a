/* ---
description: >
  The table that is audited: keys, codes, texts, amounts and times, each row made by arithmetic from
  its number, so that the same rows come out everywhere.
columns:
  order_id:    {type: bigint, not_null: true, unique: true}
  invoice:     {not_null: true, unique: true}
  customer_id: {not_null: true, references: clean.customers.customer_id}
  product_id:  {not_null: true, references: clean.products.product_id}
  country:     {not_null: true, references: clean.countries.code}
  status:      {not_null: true, accepted: [placed, paid, packed, shipped, returned]}
  channel:     {not_null: true, accepted: [web, shop, phone, partner]}
  currency:    {accepted: [EUR, USD, GBP, CHF, SEK, JPY]}
  rating:      {accepted: [1, 2, 3, 4, 5]}
  quantity:    {not_null: true, between: [1, 100]}
  price:       {not_null: true, between: [0, 10000]}
  discount:    {between: [0, 0.5]}
  weight:      {at_least: 0}
  ordered_on:  {not_null: true, between: [2023-01-01, 2024-12-31]}
  delay:       {at_most: 1440}
  email:       {not_null: true, pattern: "[a-z0-9._]+@[a-z0-9.-]+[.][a-z]{2,}"}
  phone:       {pattern: "[+][0-9]{1,3} [0-9]{4,12}"}
  postcode:    {pattern: "[0-9]{5}"}
  sku:         {pattern: "[A-Z]{3}-[0-9]{4}"}
  ordered_at:  {not_null: true, freshness: 36500d}
  updated_at:  {freshness: 36500d}
checks:
  - unique: [store, receipt]
  - expression: updated_at >= ordered_at
  - expression: total = quantity * price
  - expression: discount is null or discount = 0 or status <> 'returned'
  - expression: length(email) <= 100
  - rows: {at_least: 1}
  - rows: {at_most: 1000000000}
--- */
with
numbers as (
  select
    i,
    (i * 7919 + 104729) % $orders as p,                      -- every number once, out of order
    (i * 2654435761 + 12345) % 4294967296 // 16 as r,        -- looks random
    (i * 40503 + 7) % 2147483648 // 8 as s,
    $bad_every > 0 and i % greatest($bad_every, 1) = 0 as bad
  from range($orders) as t(i)
),
parts as (
  select
    *,
    cast(case when bad then 0 else r % 100 + 1 end as integer) as quantity,
    cast(case when bad then -1 else (s % 1000000) / 100 end as decimal(12, 2)) as price,
    timestamp '2023-01-01' + to_seconds(i * 63072000 // $orders) as ordered_at
  from numbers
)
select
  case when bad then nullif(i, 0) // 2 else i end as order_id,
  'INV-' || lpad(cast(case when bad then 1 else p end as varchar), 9, '0') as invoice,
  cast(i % 500 as integer) as store,
  cast(case when bad then 0 else i // 500 end as integer) as receipt,
  case when bad then -1 else r % $customers end as customer_id,
  case when bad then 1 else s % $products * 97 + 1000003 end as product_id,
  case when bad then null
    else chr(cast(65 + r % 200 // 20 as integer)) || chr(cast(65 + r % 20 as integer)) end as country,
  case when bad then 'lost' else ['placed', 'paid', 'packed', 'shipped', 'returned'][r % 5 + 1] end
    as status,
  case when bad then 'fax' else ['web', 'shop', 'phone', 'partner'][s % 4 + 1] end as channel,
  case when bad then 'XXX' when s % 10 = 0 then null
    else ['EUR', 'USD', 'GBP', 'CHF', 'SEK', 'JPY'][r % 6 + 1] end as currency,
  cast(case when bad then 9 when r % 3 = 0 then null else s % 5 + 1 end as tinyint) as rating,
  quantity,
  price,
  cast(quantity * price + case when bad then 1 else 0 end as decimal(14, 2)) as total,
  case when bad then 2.0 when r % 5 = 4 then 0 when s % 4 = 0 then null else (s % 500) / 1000 end
    as discount,
  case when bad then -1.0 when r % 7 = 0 then null else (r % 100000) / 64 end as weight,
  cast(case when bad then timestamp '1999-01-01' else ordered_at end as date) as ordered_on,
  cast(case when bad then 9999 when r % 4 = 0 then null else s % 1441 end as integer) as delay,
  case when bad then 'nobody' else 'user.' || r || '@mail' || s % 1000 || '.example.org' end as email,
  case when bad then '-' when s % 6 = 0 then null
    else '+' || r % 99 + 1 || ' ' || s % 90000000 + 1000000 end as phone,
  case when bad then 'K1A 0B1' else lpad(cast(r % 100000 as varchar), 5, '0') end as postcode,
  case when bad then 'none' else ['ABC', 'KLM', 'XYZ'][r % 3 + 1] || '-' || s % 9000 + 1000 end as sku,
  ordered_at,
  ordered_at + to_minutes(case when bad then -1 else r % 5000 end) as updated_at
from parts
