/* ---
description: Aircraft in the register, one row for each registration.
columns:
  tailnum: {type: varchar, description: Registration, primary_key: true, pattern: "N[0-9]+[A-Z]*"}
  year:
    type: bigint
    description: Year of manufacture
    not_null: {severity: warning, message: the register does not say}
    between: [1903, 2013]
  type: {type: varchar, description: Kind of aircraft, not_null: true,
    accepted: [Fixed wing multi engine, Fixed wing single engine, Rotorcraft]}
  manufacturer: {type: varchar, description: Manufacturer, not_null: true}
  model: {type: varchar, description: Model, not_null: true}
  engines: {type: bigint, description: Number of engines, not_null: true, between: [1, 4]}
  seats: {type: bigint, description: Number of seats, not_null: true, between: [1, 500]}
  speed: {type: bigint, description: "Cruising speed in miles an hour, known for few",
    between: [50, 700]}
  engine: {type: varchar, description: Kind of engine, not_null: true}
checks:
  - rows: {matches: raw.planes}
--- */
select tailnum, year, type, manufacturer, model, engines, seats, speed, engine
from raw.planes
