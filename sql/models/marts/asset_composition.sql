-- What the reserves are made of, by their basis. One row an attestation and asset. The share is of what has a price; an asset without a price is listed
-- with nulls, never left out. Grouped by `relation` the rows show classes, grouped by `stands_for` they look through wrapped and receipt tokens.
with shared as (
    select *,
        {{ ratio('usd', 'sum(usd) over (partition by attestation)') }} as share,
        {{ ratio('usd_published', 'sum(usd_published) over (partition by attestation)') }} as share_published
    from {{ ref('core_value') }}
)
select {{ about('a') }},
    v.asset, v.asset_class, v.underlying, v.relation, v.stands_for, v.relation_through, v.basis, v.amount, v.units, v.units_near,
    v.usd_price, v.price_source, v.priced_as, v.usd,
    v.share,
    case when v.usd is null then v.usd_null_because when v.share is null then 'total_is_zero' end as share_null_reason,
    v.usd is not null as is_priced,
    v.usd_published,
    v.share_published,
    case when v.usd_published is null then 'not_published' when v.share_published is null then 'total_is_zero' end as share_published_null_reason,
    coalesce(v.claims_left_out, 0) as claims_left_out,
    {{ quality_flags('d') }}
from shared v
join {{ ref('core_attestation') }} a using (attestation)
left join {{ ref('core_quality_flag') }} d on d.attestation = v.attestation and d.asset = v.asset
