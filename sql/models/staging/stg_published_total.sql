-- An amount printed without an address, of newest reports.
select r.attestation, r.content, t.*
from {{ source('lake', 'published_total') }} t
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest
