/* ---
description: >-
  Weather at the three airports, one row for each airport and hour. time_hour is the hour in UTC and
  the key; year, month, day and hour are by the clock of New York, which went from 2 back to 1 on 3
  November 2013, so that this hour stands twice for each airport and is no key. Join on time_hour.
  The last hour is 18:00 of 30 December: flights after it have no weather.
columns:
  origin: {type: varchar, description: Airport, not_null: true, accepted: [EWR, JFK, LGA]}
  time_hour: {type: timestamp, description: The hour in UTC, not_null: true}
  year: {type: bigint, description: Year in New York, not_null: true, accepted: [2013]}
  month: {type: bigint, description: Month in New York, not_null: true, between: [1, 12]}
  day: {type: bigint, description: Day in New York, not_null: true, between: [1, 31]}
  hour: {type: bigint, description: Hour in New York, not_null: true, between: [0, 23]}
  temp:
    type: double
    description: Temperature in degrees Fahrenheit
    not_null: {severity: warning, message: no measurement}
    between: [-20, 120]
  dewp: {type: double, description: Dew point in degrees Fahrenheit, between: [-40, 90]}
  humid: {type: double, description: Relative humidity in percent, between: [0, 100]}
  wind_dir: {type: bigint, description: Direction of the wind in degrees, between: [0, 360]}
  wind_speed:
    type: double
    description: Speed of the wind in miles an hour
    between: {low: 0, high: 150, severity: warning,
      message: "faster than any storm: an error of measurement, 1048 miles an hour at EWR"}
  wind_gust: {type: double, description: Speed of gusts in miles an hour, between: [0, 150]}
  precip: {type: double, description: Precipitation in inches, not_null: true, between: [0, 5]}
  pressure: {type: double, description: Pressure at sea level in millibars, between: [900, 1100]}
  visib: {type: double, description: Visibility in miles, not_null: true, between: [0, 10]}
checks:
  - rows: {matches: raw.weather}
  - primary_key: [origin, time_hour]
  - unique: {columns: [origin, year, month, day, hour], severity: warning,
      message: "the hour that daylight saving repeats, 1:00 on 3 November: true, but not a key"}
--- */
select
    origin,
    cast(time_hour as timestamp) as time_hour,
    year,
    month,
    day,
    hour,
    temp,
    dewp,
    humid,
    wind_dir,
    wind_speed,
    wind_gust,
    precip,
    pressure,
    visib
from raw.weather
