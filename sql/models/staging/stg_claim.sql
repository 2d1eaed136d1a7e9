-- A row in which an exchange claims an amount at an address, of newest reports.
select r.attestation, c.*
from {{ source('lake', 'claim') }} c
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest and r.content <> 'address_list' and {{ at_hand('r') }}
