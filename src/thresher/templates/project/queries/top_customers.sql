-- TOP N: who bought most?
-- thresher query top_customers --param n=3
select name, country, orders, revenue
from warehouse.customer_value
order by revenue desc, name
limit $n
