-- The verdict on a row of an address block, of newest reports.
select r.attestation, o.*
from {{ source('lake', 'ownership') }} o
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest and {{ is_current_attestation('r') }}
