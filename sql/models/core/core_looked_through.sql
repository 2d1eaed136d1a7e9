-- Reserves with wrapped, bridged and receipt tokens counted as what they stand for, one token for one unit, as the exchanges' own totals count them. One
-- row an attestation and asset that stands for itself. Digits finer than the underlying's base unit are rounded.
with sides as (
    select attestation, asset, r.reserves_claimed, r.reserves_onchain, r.reserves_proven, r.is_complete, l.liabilities
    from {{ ref('core_reserves') }} r
    full join {{ ref('core_liability') }} l using (attestation, asset)
)
{% set measures = ['reserves_claimed', 'reserves_onchain', 'reserves_proven', 'liabilities'] -%}
, looked_through as (
    select b.*, u.asset as stands_for,
        {% for measure in measures -%}
        {{ rescaled('b.' ~ measure, 's.scale', 'u.scale') }} as {{ measure }}_through{{ ',' if not loop.last }}
        {% endfor %}
    from sides b
    join {{ source('registry', 'assets') }} s on s.asset = b.asset
    join {{ source('registry', 'assets') }} u on u.asset = coalesce(nullif(s.underlying, ''), s.asset)
)
select attestation, stands_for as asset,
    {% for measure in measures -%}
    -- one that does not fit leaves the whole unknown
    case when count({{ measure }}) = count({{ measure }}_through) then {{ total(measure ~ '_through') }} end as {{ measure }},
    {% endfor -%}
    -- what is only owed is complete as it stands
    bool_and(coalesce(is_complete, reserves_claimed is null)) as is_complete,
    list(asset order by asset) filter (asset <> stands_for and coalesce(reserves_claimed, reserves_onchain) is not null) as counted
from looked_through
group by attestation, stands_for
