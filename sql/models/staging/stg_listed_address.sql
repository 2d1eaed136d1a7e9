-- An address that is said to be an exchange's, without an amount, of newest lists.
select r.attestation, r.snapshot_at, r.snapshot_day, c.exchange, c.report, c.member, c.source_row, c.network, c.address, c.label, c.source
from {{ source('lake', 'claim') }} c
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest and r.content = 'address_list'
