-- A row that is not used, and why, of newest reports.
select r.attestation, r.content, x.*
from {{ source('lake', 'rejection') }} x
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest
