/* ---
description: How punctual each airline was in each month.
columns:
  carrier: {type: varchar, description: Airline, references: clean.airlines.carrier}
  name: {type: varchar, description: Name of the airline, not_null: true}
  month: {type: date, description: First day of the month}
  flights: {type: bigint, description: Scheduled departures, at_least: 1}
  cancelled: {type: bigint, description: Departures that never left, not_null: true, at_least: 0}
  delayed: {type: bigint, description: Departures that left at least $delay_minutes late,
    not_null: true, at_least: 0}
  share_delayed: {type: double, description: Delayed departures among those that left,
    between: [0, 1]}
  mean_delay: {type: double, description: Mean delay of those that left in minutes}
  median_delay: {type: double, description: Median delay of those that left in minutes}
checks:
  - rows: {at_least: 1}
  - primary_key: [carrier, month]
  - expression: cancelled + delayed <= flights
--- */
select
    f.carrier,
    a.name,
    cast(date_trunc('month', f.flight_date) as date) as month,
    count(*) as flights,
    count(*) filter (where f.dep_time is null) as cancelled,
    count(*) filter (where f.dep_delay >= $delay_minutes) as delayed,
    round(count(*) filter (where f.dep_delay >= $delay_minutes) / nullif(count(f.dep_time), 0), 4)
        as share_delayed,
    round(avg(f.dep_delay), 2) as mean_delay,
    median(f.dep_delay) as median_delay
from clean.flights as f
inner join clean.airlines as a on f.carrier = a.carrier
where f.flight_date >= $start_date
group by f.carrier, a.name, cast(date_trunc('month', f.flight_date) as date)
order by f.carrier, month
