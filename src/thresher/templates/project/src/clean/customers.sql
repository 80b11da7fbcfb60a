/* ---
description: Customers, one row each.
columns:
  customer_id: {type: varchar, description: Number of the customer, primary_key: true, pattern: "C[0-9]{3}"}
  name: {type: varchar, description: Name, not_null: true}
  email:
    type: varchar
    description: Address for invoices, in lower case
    unique: true
    not_null: {severity: warning, message: no invoice can be sent}
  country: {type: varchar, description: Two-letter code of the country, accepted: [AT, DE, FR, IT]}
checks:
  - rows: {matches: raw.customers}
--- */
select customer_id, trim(name) as name, lower(trim(email)) as email, country
from raw.customers
