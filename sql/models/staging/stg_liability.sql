-- What an exchange says it owes, by source, of newest reports.
select r.attestation, l.*, {{ is_own_source('l.source', 'e') }} as is_own_source
from {{ source('lake', 'liability') }} l
join {{ ref('stg_report') }} r using (exchange, report)
left join {{ source('registry', 'exchanges') }} e using (exchange)
where r.is_newest and r.content <> 'address_list'
