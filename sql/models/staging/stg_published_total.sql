-- An amount printed without an address, of newest reports.
select r.attestation, r.content, t.*, {{ is_own_source('t.source', 'e') }} as is_own_source
from {{ source('lake', 'published_total') }} t
join {{ ref('stg_report') }} r using (exchange, report)
left join {{ source('registry', 'exchanges') }} e using (exchange)
where r.is_newest and r.content <> 'address_list'
