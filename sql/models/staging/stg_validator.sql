-- A validator that a report lists with the accounts that deposited for it and that its withdrawals go to, of newest reports.
select r.attestation, c.*
from {{ source('lake', 'claim') }} c
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest and coalesce(c.deposit_address, c.withdrawal_address) is not null
