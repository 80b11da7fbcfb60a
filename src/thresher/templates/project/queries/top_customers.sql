-- Who bought most? thresher query --file queries/top_customers.sql --param n=3
select name, country, orders, revenue
from warehouse.customer_value
order by revenue desc, name
limit $n
