/* ---
description: >-
  Whose flights have an aircraft that is not in the register: what stands behind the warnings of
  clean.flights. American and Envoy report fleet numbers in place of registrations.
columns:
  carrier: {type: varchar, description: Airline, primary_key: true,
    references: clean.airlines.carrier}
  flights: {type: bigint, description: All scheduled departures, at_least: 1}
  without_tailnum: {type: bigint, description: Those that give no aircraft, not_null: true}
  not_registered: {type: bigint, description: Those whose aircraft is not in the register,
    not_null: true}
  share_known: {type: double, description: Share of flights whose aircraft is known,
    between: [0, 1]}
checks:
  - rows: {at_least: 1, at_most: 16}
  - expression: without_tailnum + not_registered <= flights
--- */
select
    f.carrier,
    count(*) as flights,
    count(*) filter (where f.tailnum is null) as without_tailnum,
    count(*) filter (where f.tailnum is not null and p.tailnum is null) as not_registered,
    round(count(p.tailnum) / count(*), 4) as share_known
from clean.flights as f
left join clean.planes as p on f.tailnum = p.tailnum
group by f.carrier
order by f.carrier
