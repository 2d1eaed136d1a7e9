-- A claimed holding that could not be read, and why, of newest reports.
select r.attestation, u.*
from {{ source('lake', 'unobserved') }} u
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest and {{ at_hand('r') }}
