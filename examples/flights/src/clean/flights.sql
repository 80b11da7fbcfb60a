/* ---
description: >-
  Scheduled departures from New York in 2013, one row each; cancelled flights have no dep_time.
  Times without "UTC" in their description are by the clock of the airport they speak of.
  No row of the raw table is left out: what is wrong with it is counted below.
columns:
  flight_id:
    type: varchar
    description: "Hour of scheduled departure in UTC, airline and flight, such as 20130101T10Z-UA-1545"
    primary_key: true
  flight_date: {type: date, description: Day of scheduled departure in New York,
    not_null: true, between: [2013-01-01, 2013-12-31]}
  time_hour: {type: timestamp, description: Hour of scheduled departure in UTC, not_null: true}
  carrier: {type: varchar, description: Airline, not_null: true, references: clean.airlines.carrier}
  flight: {type: bigint, description: Number of the flight, not_null: true, at_least: 1}
  tailnum:
    type: varchar
    description: Registration of the aircraft
    not_null: {severity: warning, message: no aircraft is given; every such flight was cancelled}
    references: {to: clean.planes.tailnum, severity: warning,
      message: "not in the register: mostly American (AA) and Envoy (MQ), who report fleet numbers"}
    pattern: {regex: "N[0-9]+[A-Z]*", severity: warning,
      message: not a registration of the United States; D942DN is N942DN mistyped}
  origin: {type: varchar, description: Airport of departure, not_null: true,
    accepted: [EWR, JFK, LGA], references: clean.airports.faa}
  dest:
    type: varchar
    description: Airport of destination
    not_null: true
    references: {to: clean.airports.faa, severity: warning,
      message: "airports outside the fifty states: BQN, PSE and SJU in Puerto Rico, STT"}
  sched_dep_time: {type: timestamp, description: Scheduled departure, not_null: true}
  dep_time:
    type: timestamp
    description: Departure
    not_null: {severity: warning, message: the flight was cancelled}
  dep_delay: {type: bigint, description: Minutes late at departure, between: [-60, 1440]}
  sched_arr_time: {type: time, description: Scheduled arrival by the clock there, not_null: true}
  arr_time: {type: time, description: Arrival by the clock there}
  arr_delay: {type: bigint, description: Minutes late at arrival, between: [-120, 1440]}
  air_time:
    type: bigint
    description: Minutes in the air
    between: [10, 1000]
    not_null: {severity: warning, message: cancelled or diverted or never reported as landed}
  distance: {type: bigint, description: Miles between the airports, not_null: true,
    between: [10, 6000]}
checks:
  - rows: {matches: raw.flights}
  - primary_key: [time_hour, carrier, flight]
  - expression: (dep_time is null) = (dep_delay is null)
  - expression: date_diff('minute', sched_dep_time, dep_time) = dep_delay
  - expression: date_diff('hour', date_trunc('hour', sched_dep_time), time_hour) in (4, 5)
  - expression: arr_time is null or dep_time is not null
  - expression: (air_time is null) = (arr_delay is null)
--- */
with minutes as (
    select
        *,
        make_date(year, month, day) as flight_date,
        cast(time_hour as timestamp) as hour_utc,
        sched_dep_time // 100 * 60 + sched_dep_time % 100 as sched_dep_minute,
        dep_time // 100 * 60 + dep_time % 100 as dep_minute
    from raw.flights
),

days as (
    -- The raw table gives the hour and minute of a departure but not its day. The delay tells it:
    -- 0 for the scheduled day, 1 for the next. 2400 is minute 1440, so it needs no case of its own.
    select
        *,
        cast(round((sched_dep_minute + dep_delay - dep_minute) / 1440.0) as bigint) as dep_day
    from minutes
)

select
    strftime(hour_utc, '%Y%m%dT%HZ') || '-' || carrier || '-' || flight as flight_id,
    flight_date,
    hour_utc as time_hour,
    carrier,
    flight,
    tailnum,
    origin,
    dest,
    flight_date + to_minutes(sched_dep_minute) as sched_dep_time,
    flight_date + to_minutes(dep_minute + 1440 * dep_day) as dep_time,
    dep_delay,
    make_time(sched_arr_time // 100 % 24, sched_arr_time % 100, 0.0) as sched_arr_time,
    make_time(arr_time // 100 % 24, arr_time % 100, 0.0) as arr_time,
    arr_delay,
    air_time,
    distance
from days
