-- What the chain says of a stated owner of an account, of newest reports.
select r.attestation, l.*
from {{ source('lake', 'owner_link') }} l
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest and {{ is_current_attestation('r') }}
