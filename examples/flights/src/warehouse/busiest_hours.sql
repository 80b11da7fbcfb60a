/* ---
description: How many flights are scheduled in each hour of the day, and how late they leave.
columns:
  origin: {type: varchar, description: Airport of departure, accepted: [EWR, JFK, LGA]}
  hour: {type: bigint, description: Hour of scheduled departure in New York, between: [0, 23]}
  flights: {type: bigint, description: Scheduled departures of the whole year, at_least: 1}
  most_in_a_day: {type: bigint, description: The most on one day, at_least: 1}
  mean_delay: {type: double, description: "Mean delay in minutes; missing if none ever left"}
checks:
  - primary_key: [origin, hour]
  - rows: {at_least: 3, at_most: 72}
  - expression: most_in_a_day <= flights
--- */
with days as (
    select
        origin,
        hour(sched_dep_time) as hour,
        flight_date,
        count(*) as flights,
        count(dep_delay) as left_count,
        sum(dep_delay) as delay
    from clean.flights
    group by origin, hour(sched_dep_time), flight_date
)

select
    origin,
    hour,
    cast(sum(flights) as bigint) as flights,
    max(flights) as most_in_a_day,
    round(sum(delay) / nullif(sum(left_count), 0), 2) as mean_delay
from days
group by origin, hour
order by origin, hour
