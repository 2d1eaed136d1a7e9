-- How much of the claimed reserves is really proven. One row an attestation, network, verdict and reason; `share` is of the attestation's priced value.
with valued as (
    select c.attestation, c.network, c.final_verdict as verdict, c.final_reason as reason,
        {{ usd(units('c.amount', 's.scale'), 'p.usd_price') }} as usd
    from {{ ref('core_claim') }} c
    join {{ source('registry', 'assets') }} s using (asset)
    left join {{ ref('core_price') }} p using (attestation, asset)
),
summed as (
    select attestation, network, verdict, reason,
        count(*) as rows,
        count(*) - count(usd) as rows_unpriced,
        sum(usd)::decimal(38, 2) as usd
    from valued
    group by attestation, network, verdict, reason
)
select {{ about('a') }}, v.network, v.verdict, v.reason, v.rows, v.rows_unpriced, v.usd,
    {{ ratio('v.usd', 'sum(v.usd) over (partition by v.attestation)') }} as share
from summed v
join {{ ref('core_attestation') }} a using (attestation)
