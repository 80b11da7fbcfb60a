/* ---
description: Products; their numbers are spread over a wide range.
--- */
select i * 97 + 1000003 as product_id, 'product ' || i as name
from range($products) as t(i)
