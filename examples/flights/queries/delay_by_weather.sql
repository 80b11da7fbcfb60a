-- AVG: what did each kind of weather do to departures, all three airports together?
select
    sky,
    count(*) as flights,
    round(avg(dep_delay), 1) as mean_delay,
    round(avg(cast(dep_delay is null as integer)) * 100, 1) as percent_cancelled
from warehouse.flight_weather
group by sky
order by mean_delay desc
