-- What was sold in each month?
-- thresher query revenue
select strftime(month, '%Y-%m') as month, orders, revenue, mean_order
from warehouse.revenue_by_month
order by month
