-- In which ten hours of the day does New York schedule the most departures, and how late are they?
select
    hour,
    cast(sum(flights) as bigint) as flights,
    round(sum(mean_delay * flights) / sum(flights), 1) as mean_delay
from warehouse.busiest_hours
group by hour
order by flights desc, hour
limit 10
