/* ---
description: Customers, by a dense number.
--- */
select i as customer_id, 'customer ' || i as name, i % 200 as country_id
from range($customers) as t(i)
