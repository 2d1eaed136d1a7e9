-- A claimed holding that could not be read, and why, of newest reports. An account whose validators were not seen has no total.
-- What was read for another moment at which the same bytes were stated is not read.
with unread as (
    select r.attestation, u.*
    from {{ source('lake', 'unobserved') }} u
    join {{ ref('stg_report') }} r using (exchange, report)
    where r.is_newest and {{ is_current_attestation('r') }}
)
select * from unread
union all by name
select b.attestation, b.exchange, b.report, b.network, b.asset, b.address, 'stated_for_other_moment' as reason
from {{ ref('stg_reading') }} b
anti join unread u on u.attestation = b.attestation and u.report = b.report and u.network = b.network and u.asset = b.asset and u.address = b.address
where b.is_of_other_moment
group by all
union all by name
select s.attestation, s.exchange, s.report, s.network, s.asset, s.address, 'validators_unobserved' as reason
from {{ ref('stg_staked') }} s
anti join unread u on u.attestation = s.attestation and u.report = s.report and u.network = s.network and u.asset = s.asset and u.address = s.address
where s.confirmed is null and {{ is_current_attestation('s') }}
