-- From which amount on a claim is kept and not added up: 10^20 units, or units of 10^17 US dollars, which would not fit the columns of money. It is no
-- holding, it is a lost decimal point. One row an attestation and asset of the registry; `too_large_from` is null where 38 digits hold no such amount.
with limits as (
    select a.attestation, s.asset, s.scale,
        case when s.scale < 18 then ('1' || repeat('0', s.scale + 20))::decimal(38, 0) end as by_units,
        -- a double is exact enough for a limit; a price of zero sets none
        try_cast(1e17 / nullif(greatest(p.usd_price, 0), 0)::double * ('1' || repeat('0', s.scale))::double as decimal(38, 0)) as by_value
    from {{ ref('core_attestation') }} a
    cross join {{ source('registry', 'assets') }} s
    left join {{ ref('core_price') }} p on p.attestation = a.attestation and p.asset = s.asset
)
select attestation, asset, scale, least(by_units, by_value) as too_large_from
from limits
