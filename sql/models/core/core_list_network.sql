-- How much of a list was read on one network. One row an attestation and network. An account is read where something of it was, at the block of the moment
-- or near it; a holding is an account and an asset.
{{ config(materialized='by_attestation') }}
with asked as (
    select o.attestation, c.network, c.asset, c.address, b.as_of,
        coalesce(u.reason, case when b.as_of is null then 'not_observed' when b.as_of = 'head' then 'no_history' end) as reason
    from {{ source('lake', 'claim') }} c
    join {{ ref('stg_observed_list') }} o using (exchange, report)
    left join {{ source('lake', 'balance') }} b
        on b.exchange = c.exchange and b.report = c.report and b.network = c.network and b.asset = c.asset and b.address = c.address and b.component = 'total'
    left join {{ source('lake', 'unobserved') }} u
        on u.exchange = c.exchange and u.report = c.report and u.network = c.network and u.asset = c.asset and u.address = c.address
)
select attestation, network,
    count(distinct address) as accounts,
    count(distinct address) filter (reason is null) as accounts_read,
    count(*) as holdings,
    count(*) filter (reason is null and as_of = 'exact') as holdings_exact,
    count(*) filter (reason is null and as_of = 'near') as holdings_near,
    count(*) filter (reason is not null) as holdings_not_read,
    coalesce(list(distinct reason order by reason) filter (reason is not null), []) as reasons
from asked
group by attestation, network
