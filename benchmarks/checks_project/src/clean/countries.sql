/* ---
description: 200 countries, by a code of two letters.
--- */
select chr(cast(65 + i // 20 as integer)) || chr(cast(65 + i % 20 as integer)) as code, i as country_id
from range(200) as t(i)
