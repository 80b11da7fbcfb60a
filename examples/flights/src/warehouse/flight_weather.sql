/* ---
description: >-
  Each flight with the weather at its airport in the hour of its scheduled departure. A view: it has
  no files of its own and is computed whenever it is read.
materialized: view
columns:
  flight_id: {type: varchar, description: The flight, primary_key: true}
  origin: {type: varchar, description: Airport of departure}
  sched_dep_time: {type: timestamp, description: Scheduled departure in New York}
  dep_delay: {type: bigint, description: Minutes late at departure; missing if cancelled}
  temp: {type: double, description: Temperature in degrees Fahrenheit}
  wind_speed: {type: double, description: Speed of the wind in miles an hour}
  precip: {type: double, description: Precipitation in inches}
  visib: {type: double, description: Visibility in miles}
  sky: {type: varchar, description: The weather in a word, not_null: true,
    accepted: [fair, low visibility, precipitation, strong wind, unknown]}
checks:
  - rows: {matches: clean.flights}
  - expression: {sql: sky <> 'unknown', severity: warning,
      message: no weather for that hour; the measurements have gaps and end on 30 December}
--- */
select
    f.flight_id,
    f.origin,
    f.sched_dep_time,
    f.dep_delay,
    w.temp,
    w.wind_speed,
    w.precip,
    w.visib,
    case
        when w.origin is null then 'unknown'
        when w.precip > 0 then 'precipitation'
        when w.visib < 3 then 'low visibility'
        when w.wind_speed >= $strong_wind then 'strong wind'
        else 'fair'
    end as sky
from clean.flights as f
left join clean.weather as w on f.origin = w.origin and f.time_hour = w.time_hour
