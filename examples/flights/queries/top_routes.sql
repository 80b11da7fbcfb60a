-- TOP N: which routes of one airport are flown most?
-- thresher query top_routes --param origin=JFK --param n=5
select dest, dest_name, flights, carriers, distance
from warehouse.routes
where origin = $origin
order by flights desc, dest
limit $n
