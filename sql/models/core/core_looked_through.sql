-- Reserves with wrapped, bridged and receipt tokens counted as what they stand for, one token for one unit, as the exchanges' own totals count them. One
-- row an attestation and asset that stands for itself. Digits finer than the underlying's base unit are rounded.
with sides as (
    select attestation, asset, r.reserves_claimed, r.reserves_onchain, r.reserves_proven, r.is_complete, l.liabilities
    from {{ ref('core_reserves') }} r
    full join {{ ref('core_liability') }} l using (attestation, asset)
)
select b.attestation, u.asset,
    {% for measure in ['reserves_claimed', 'reserves_onchain', 'reserves_proven', 'liabilities'] -%}
    sum({{ rescaled('b.' ~ measure, 's.scale', 'u.scale') }})::decimal(38, 0) as {{ measure }},
    {% endfor -%}
    -- what is only owed is complete as it stands
    bool_and(coalesce(b.is_complete, b.reserves_claimed is null)) as is_complete,
    list(b.asset order by b.asset) filter (b.asset <> u.asset and b.reserves_claimed is not null) as counted
from sides b
join {{ source('registry', 'assets') }} s on s.asset = b.asset
join {{ source('registry', 'assets') }} u on u.asset = coalesce(nullif(s.underlying, ''), s.asset)
group by b.attestation, u.asset
