-- SUM: how far did the aircraft of each manufacturer fly, counting those used on many days?
-- thresher query miles_by_manufacturer --param days=100
select
    manufacturer,
    count(*) as aircraft,
    cast(sum(flights) as bigint) as flights,
    cast(sum(miles) as bigint) as miles,
    round(sum(hours)) as hours
from warehouse.aircraft_use
where days >= $days
group by manufacturer
order by miles desc, manufacturer
