-- Which ten months were the worst of an airline with at least a hundred flights in the month?
select name, strftime(month, '%Y-%m') as month, flights, mean_delay, share_delayed
from warehouse.carrier_month
where flights >= 100
order by mean_delay desc, name, month
limit 10
