-- How much of the claimed reserves is really proven. One row an attestation, network, verdict and reason; `share` is of the attestation's priced value.
with held as (
    select attestation, network, asset, final_verdict as verdict, final_reason as reason, count(*) as rows, count(amount) as amounts,
        sum(amount)::decimal(38, 0) as amount
    from {{ ref('core_claim') }}
    group by all
),
valued as (
    select c.*, {{ usd(units('c.amount', 's.scale'), 'p.usd_price') }} as usd
    from held c
    join {{ source('registry', 'assets') }} s using (asset)
    left join {{ ref('core_price') }} p using (attestation, asset)
),
summed as (
    select attestation, network, verdict, reason,
        sum(rows)::bigint as rows,
        sum(rows - case when usd is null then 0 else amounts end)::bigint as rows_unpriced,
        sum(usd)::decimal(38, 2) as usd
    from valued
    group by attestation, network, verdict, reason
)
select {{ about('a') }}, v.network, v.verdict, v.reason, v.rows, v.rows_unpriced, v.usd,
    {{ ratio('v.usd', 'sum(v.usd) over (partition by v.attestation)') }} as share
from summed v
join {{ ref('core_attestation') }} a using (attestation)
