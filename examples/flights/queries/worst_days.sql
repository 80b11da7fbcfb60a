-- TOP N: on which days of a stretch of time did an airport cancel the most?
-- thresher query worst_days --param origin=LGA --param since=2013-02-01 --param n=5
select flight_date, flights, cancelled, mean_delay, worst_delay
from warehouse.origin_day
where origin = $origin and flight_date >= $since
order by cancelled desc, flight_date
limit $n
