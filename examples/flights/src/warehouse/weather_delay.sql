/* ---
description: What the weather does to departures, for each airport.
columns:
  origin: {type: varchar, description: Airport of departure, accepted: [EWR, JFK, LGA]}
  sky: {type: varchar, description: The weather in a word}
  flights: {type: bigint, description: Scheduled departures, at_least: 1}
  cancelled: {type: bigint, description: Departures that never left, not_null: true, at_least: 0}
  share_cancelled: {type: double, description: Share that never left, between: [0, 1]}
  share_delayed: {type: double, description: Share of those that left at least $delay_minutes late,
    between: [0, 1]}
  mean_delay: {type: double, description: Mean delay of those that left in minutes}
checks:
  - primary_key: [origin, sky]
  - rows: {at_least: 3, at_most: 15}
--- */
select
    origin,
    sky,
    count(*) as flights,
    count(*) filter (where dep_delay is null) as cancelled,
    round(count(*) filter (where dep_delay is null) / count(*), 4) as share_cancelled,
    round(count(*) filter (where dep_delay >= $delay_minutes) / nullif(count(dep_delay), 0), 4)
        as share_delayed,
    round(avg(dep_delay), 2) as mean_delay
from warehouse.flight_weather
group by origin, sky
order by origin, sky
