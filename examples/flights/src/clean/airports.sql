/* ---
description: >-
  Airports of the fifty states, one row for each code. The four airports in Puerto Rico and the
  Virgin Islands that flights of New York go to are not among them.
columns:
  faa: {type: varchar, description: Code of the airport, primary_key: true, pattern: "[0-9A-Z]{3}"}
  name: {type: varchar, description: Name of the airport, not_null: true}
  lat:
    type: double
    description: Latitude in degrees
    not_null: true
    between: {low: 17, high: 71.5, severity: warning,
      message: north or south of all fifty states; latitude and longitude were swapped}
  lon: {type: double, description: Longitude in degrees, not_null: true, between: [-180, 180]}
  alt: {type: bigint, description: Altitude in feet, not_null: true, between: [-300, 10000]}
  tz:
    type: bigint
    description: Hours from UTC in winter
    not_null: true
    between: {low: -10, high: -5, severity: warning,
      message: "no state has such a time zone: the sign of the longitude was lost, which puts it in China"}
  dst: {type: varchar, description: "Daylight saving: A as in the United States, N none, U unknown",
    not_null: true, accepted: ["A", "N", "U"]}
  tzone:
    type: varchar
    description: Name of the time zone
    not_null: {severity: warning, message: the time zone was not found for this position}
checks:
  - rows: {matches: raw.airports}
--- */
select faa, trim(name) as name, lat, lon, alt, tz, dst, tzone
from raw.airports
