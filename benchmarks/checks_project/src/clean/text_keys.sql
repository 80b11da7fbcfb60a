/* ---
description: As many rows as there are orders, with three keys of text that have nothing in common.
columns:
  token: {unique: true}
  visit: {unique: true}
  code:  {unique: true}
--- */
select
  md5(cast(i as varchar)) as token,
  regexp_replace(md5('u' || i), '(.{8})(.{4})(.{4})(.{4})', '\1-\2-\3-\4-') as visit,
  to_base64(unhex(left(md5('c' || i), 24))) as code
from range($orders) as t(i)
