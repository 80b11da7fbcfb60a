/* ---
description: Departures of each airport on each day, and which days went wrong.
columns:
  origin: {type: varchar, description: Airport of departure, accepted: [EWR, JFK, LGA]}
  flight_date: {type: date, description: The day}
  flights: {type: bigint, description: Scheduled departures, at_least: 1}
  cancelled: {type: bigint, description: Departures that never left, not_null: true, at_least: 0}
  mean_delay: {type: double, description: "Mean delay in minutes; missing if none left"}
  worst_delay: {type: bigint, description: The longest delay in minutes}
checks:
  - primary_key: [origin, flight_date]
  - rows: {at_least: 1, at_most: 1095}
  - expression: cancelled <= flights
  - expression: {sql: cancelled < flights, severity: warning, message: nothing left all day}
--- */
select
    origin,
    flight_date,
    count(*) as flights,
    count(*) filter (where dep_time is null) as cancelled,
    round(avg(dep_delay), 2) as mean_delay,
    max(dep_delay) as worst_delay
from clean.flights
where flight_date >= $start_date
group by origin, flight_date
order by origin, flight_date
