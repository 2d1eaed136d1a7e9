-- A row in which an exchange claims an amount at an address, of newest reports. Validators that a report lists beside its wallet rows are claims where
-- the file's own sums count them in addition (stg_staking); else their coins stand under an account's row already, and they show as parts of it.
select r.attestation, c.*
from {{ source('lake', 'claim') }} c
join {{ ref('stg_report') }} r using (exchange, report)
left join {{ ref('stg_staking') }} s on s.attestation = r.attestation and s.asset = c.asset and coalesce(c.deposit_address, c.withdrawal_address) is not null
where r.is_newest and r.content <> 'address_list' and {{ is_current_attestation('r') }}
    and (coalesce(c.deposit_address, c.withdrawal_address) is null or s.basis = 'in_addition')
