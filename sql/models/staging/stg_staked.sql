-- What validators hold for an account whose wallet row stands for them too (stg_staking: they do not count beside it). One row an attestation, report,
-- asset and account. `seen`: of all validators that name the account as depositor or as the one that withdrawals go to; `confirmed`: of those whose
-- withdrawals go to it as the chain says. Null where one of them was not seen at the snapshot.
{{ config(materialized='table') }}
with named as (
    select v.attestation, v.exchange, v.report, v.asset, v.network as beacon, v.address as validator, v.amount, a.account,
        (a.account is not distinct from v.withdrawal_address) as withdraws
    from {{ ref('stg_validator') }} v
    cross join lateral (select distinct unnest([v.deposit_address, v.withdrawal_address]) as account) a
    join {{ ref('stg_staking') }} s on s.attestation = v.attestation and s.asset = v.asset and s.basis <> 'in_addition'
    where a.account is not null
),
each as (
    select n.attestation, n.exchange, n.report, n.asset, n.account, n.validator, min(n.amount) as claimed, min(b.amount) as seen,
        bool_or(coalesce(n.withdraws and l.holds, false)) as confirmed, bool_and(b.as_of is not distinct from 'exact') as is_exact
    from named n
    left join {{ ref('stg_reading') }} b
        on b.attestation = n.attestation and b.report = n.report and b.network = n.beacon and b.asset = n.asset and b.address = n.validator
        and b.component = 'total' and not b.is_of_other_moment
    left join {{ source('lake', 'owner_link') }} l
        on l.exchange = n.exchange and l.report = n.report and l.network = n.beacon and l.address = n.validator and l.owner = n.account
        and l.relation = 'withdrawal_credentials'
    group by all
)
select attestation, exchange, report, 'ethereum' as network, asset, account as address, count(*) as validators, {{ total('claimed') }} as claimed,
    case when bool_and(is_exact) then {{ total('seen') }} end as seen,
    case when bool_and(is_exact) and not bool_or(confirmed) then 0 when bool_and(is_exact) then {{ total('seen', where='confirmed') }} end::decimal(38, 0) as confirmed
from each
group by all
