-- SUM and AVG: what do the customers of each country spend, those with a number of orders or more?
-- thresher query spending --param orders=1
select country, count(*) as customers, sum(revenue) as revenue, round(avg(revenue), 2) as mean
from warehouse.customer_value
where orders >= $orders
group by country
order by revenue desc, country
