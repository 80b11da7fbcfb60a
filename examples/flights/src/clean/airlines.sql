/* ---
description: Airlines, one row for each code.
columns:
  carrier: {type: varchar, description: Two-letter code, primary_key: true, pattern: "[0-9A-Z]{2}"}
  name: {type: varchar, description: Name of the airline, not_null: true, unique: true}
checks:
  - rows: {matches: raw.airlines}
--- */
select carrier, trim(name) as name
from raw.airlines
