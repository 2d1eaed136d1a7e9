-- A row in which an exchange claims an amount at an address, of newest reports. Validators that a report lists beside its wallet rows are claims where
-- the file's own sums count them in addition (stg_staking); else their coins stand under an account's row already, and they show as parts of it.
-- Of a list that was observed the amount is what was seen, at the block of the moment or near it, and null where that is not known.
select r.attestation, c.*
from {{ source('lake', 'claim') }} c
join {{ ref('stg_report') }} r using (exchange, report)
left join {{ ref('stg_staking') }} s on s.attestation = r.attestation and s.asset = c.asset and coalesce(c.deposit_address, c.withdrawal_address) is not null
where r.is_newest and r.content not in ('address_list', 'observed_list') and {{ is_current_attestation('r') }}
    and (coalesce(c.deposit_address, c.withdrawal_address) is null or s.basis = 'in_addition')
union all by name
select o.attestation, c.* replace (b.amount as amount)
from {{ source('lake', 'claim') }} c
join {{ ref('stg_observed_list') }} o using (exchange, report)
left join {{ source('lake', 'balance') }} b
    on b.exchange = c.exchange and b.report = c.report and b.network = c.network and b.asset = c.asset and b.address = c.address
    and b.component = 'total' and b.as_of in ('exact', 'near')
