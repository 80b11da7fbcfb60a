/* ---
description: Products, one row each.
columns:
  product: {type: varchar, description: What can be ordered, primary_key: true}
  category: {type: varchar, description: Kind of product, accepted: [ingredients, tools]}
  supplier: {type: varchar, description: Who delivers it; unknown for some}
checks:
  - rows: {matches: raw.products}
--- */
select trim(product) as product, lower(category) as category, supplier
from raw.products
