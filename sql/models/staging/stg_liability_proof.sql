-- A published proof of liabilities and what was found when it was checked, of newest reports.
select r.attestation, p.*
from {{ source('lake', 'liability_proof') }} p
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest and r.content <> 'address_list'
