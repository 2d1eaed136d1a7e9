-- Why a balance that was read at a later block counts as that of the snapshot block, of newest reports: nothing happened at the account between. The balance
-- itself stands in stg_balance, its method is `unchanged_since`.
select r.attestation, u.*
from {{ source('lake', 'unchanged') }} u
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest
