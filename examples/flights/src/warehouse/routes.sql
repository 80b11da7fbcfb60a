/* ---
description: Every route from New York, how much it is flown, and how well.
columns:
  origin: {type: varchar, description: Airport of departure, accepted: [EWR, JFK, LGA]}
  dest: {type: varchar, description: Airport of destination}
  dest_name:
    type: varchar
    description: Name of the destination
    not_null: {severity: warning, message: the airport is outside the fifty states}
  flights: {type: bigint, description: Scheduled departures, at_least: 1}
  carriers: {type: bigint, description: Airlines that fly it, between: [1, 16]}
  distance: {type: bigint, description: "Miles; the longest, where the data has two figures",
    between: [10, 6000]}
  mean_air_time: {type: double, description: Mean minutes in the air, at_least: 10}
  mean_arr_delay: {type: double, description: Mean minutes late at arrival}
  mean_speed: {type: double, description: Mean speed in miles an hour, between: [50, 700]}
checks:
  - primary_key: [origin, dest]
  - rows: {at_least: 1}
--- */
select
    f.origin,
    f.dest,
    a.name as dest_name,
    count(*) as flights,
    count(distinct f.carrier) as carriers,
    max(f.distance) as distance,
    round(avg(f.air_time), 1) as mean_air_time,
    round(avg(f.arr_delay), 2) as mean_arr_delay,
    round(60 * sum(f.distance) filter (where f.air_time is not null) / sum(f.air_time), 1)
        as mean_speed
from clean.flights as f
left join clean.airports as a on f.dest = a.faa
group by f.origin, f.dest, a.name
order by f.origin, f.dest
