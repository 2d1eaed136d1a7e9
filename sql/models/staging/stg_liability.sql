-- What an exchange says it owes, by source, of newest reports.
select r.attestation, l.*
from {{ source('lake', 'liability') }} l
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest
