-- How what is claimed of an asset changed since an earlier attestation, and why. One row an attestation, since, basis and asset, and one for each
-- published sum in US dollars (asset TOTAL). What a side has of another basis is not compared: the row says so. The parts add up to the change to the
-- cent: each is rounded to cents by itself, and usd_cross takes the rest.
with claimed as (
    select * from {{ ref('core_value') }} where amount is not null or usd_published is not null
),
listed as (
    -- of one asset, on all networks
    select attestation, since, asset,
        case when count(amount_added) = count(*) then {{ total('amount_added') }} end as amount_added,
        case when count(amount_dropped) = count(*) then {{ total('amount_dropped') }} end as amount_dropped,
        case when count(usd_added) = count(*) then sum(usd_added) end::decimal(38, 2) as usd_added,
        case when count(usd_dropped) = count(*) then sum(usd_dropped) end::decimal(38, 2) as usd_dropped
    from {{ ref('core_list_change') }}
    group by attestation, since, asset
),
pairs as (
    select s.attestation, s.since, s.basis, s.base_attestation, s.base_snapshot_at, s.days, c.asset
    from {{ ref('core_series') }} s
    join claimed c on c.attestation in (s.attestation, s.base_attestation) and c.basis = s.basis
    where s.scope is null
    group by all
),
both_sides as (
    select p.*, x.scale, k.relation,
        n.attestation is not null as claimed_after, b.attestation is not null as claimed_before,
        n.amount as amount_after, b.amount as amount_before,
        m.asset is not null or c.asset is not null as is_other_basis,
        n.usd_price as price_after, b.usd_price as price_before, n.priced_as, b.priced_as as base_priced_as,
        n.usd as priced_after, b.usd as priced_before,
        n.usd_published as published_after, b.usd_published as published_before,
        -- an asset that is published for the first time, or no more, is a change of what is published, as an address is
        case when b.attestation is null then n.amount when n.attestation is null then 0 else l.amount_added end::decimal(38, 0) as amount_added,
        case when n.attestation is null then b.amount when b.attestation is null then 0 else l.amount_dropped end::decimal(38, 0) as amount_dropped,
        case when b.attestation is null then n.usd when n.attestation is null then 0 else l.usd_added end::decimal(38, 2) as usd_added,
        case when n.attestation is null then b.usd when b.attestation is null then 0 else l.usd_dropped end::decimal(38, 2) as usd_dropped
    from pairs p
    join {{ source('registry', 'assets') }} x using (asset)
    join {{ ref('core_relation') }} k using (attestation, asset)
    left join claimed n on n.attestation = p.attestation and n.asset = p.asset and n.basis = p.basis
    left join claimed b on b.attestation = p.base_attestation and b.asset = p.asset and b.basis = p.basis
    left join claimed m on m.attestation = p.attestation and m.asset = p.asset and m.basis <> p.basis
    left join claimed c on c.attestation = p.base_attestation and c.asset = p.asset and c.basis <> p.basis
    left join listed l on l.attestation = p.attestation and l.since = p.since and l.asset = p.asset and p.basis <> 'published'
),
measured as (
    select *,
        not is_other_basis and (not claimed_after or priced_after is not null) and (not claimed_before or priced_before is not null) as is_priced,
        not is_other_basis and (not claimed_after or published_after is not null) and (not claimed_before or published_before is not null) as is_published,
        not is_other_basis and (not claimed_after or amount_after is not null) and (not claimed_before or amount_before is not null) as is_counted,
        -- what came and went at addresses that both lists have
        try((coalesce(amount_after, 0) - coalesce(amount_added, 0) - (coalesce(amount_before, 0) - coalesce(amount_dropped, 0)))::decimal(38, 0)) as amount_flow,
        (coalesce(amount_before, 0) - coalesce(amount_dropped, 0))::decimal(38, 0) as amount_kept
    from both_sides
),
valued as (
    select *,
        case when is_priced then priced_before when is_published then published_before end as usd_before,
        case when is_priced then priced_after when is_published then published_after end as usd_after,
        case when is_priced then 'priced' when is_published then 'published' end as usd_basis,
        (coalesce(price_after, 0) - coalesce(price_before, 0))::decimal(20, 12) as price_change,
        {{ usd(units('amount_flow', 'scale'), 'coalesce(price_before, 0)') }} as flow,
        case when claimed_before and claimed_after then {{ usd(units('amount_kept', 'scale'), 'price_change') }} else 0 end::decimal(38, 2) as price,
        case
            when is_other_basis then 'other_basis'
            when not is_counted then 'no_amount'
            when (claimed_after and price_after is null) or (claimed_before and price_before is null) then 'no_price'
            when not is_priced or flow is null or price is null then 'too_large'
        end as not_split_because
    from measured
),
parts as (
    select *,
        case when usd_basis is not null then coalesce(usd_after, 0) - coalesce(usd_before, 0) end::decimal(38, 2) as usd_change,
        not_split_because is null and relation = 'own' as is_own,
        not_split_because is null and relation <> 'own' as is_split,
        (usd_added - usd_dropped)::decimal(38, 2) as list
    from valued
),
of_assets as (
    select attestation, since, base_attestation, base_snapshot_at, days, basis, asset, null::varchar as scope, relation,
        amount_before, amount_after,
        case when is_counted then coalesce(amount_after, 0) - coalesce(amount_before, 0) end::decimal(38, 0) as amount_change,
        {{ units('amount_before', 'scale') }} as units_before,
        {{ units('amount_after', 'scale') }} as units_after,
        case when is_counted then {{ units('(coalesce(amount_after, 0) - coalesce(amount_before, 0))::decimal(38, 0)', 'scale') }} end as units_change,
        case when is_counted then {{ units('try((amount_added - amount_dropped)::decimal(38, 0))', 'scale') }} end as units_list,
        price_before, price_after, base_priced_as, priced_as, usd_basis, usd_before, usd_after, usd_change,
        case when is_split then flow when is_own then 0 end::decimal(38, 2) as usd_flow,
        case when is_split then price when is_own then 0 end::decimal(38, 2) as usd_price,
        case when is_split then usd_change - flow - price - coalesce(list, 0) when is_own then 0 end::decimal(38, 2) as usd_cross,
        case when is_split then list when is_own then 0 end::decimal(38, 2) as usd_list,
        case when is_own then usd_change when is_split then 0 end::decimal(38, 2) as usd_own,
        not_split_because
    from parts
),
of_sums as (
    select s.attestation, s.since, s.base_attestation, s.base_snapshot_at, s.days, s.basis, 'TOTAL' as asset, s.scope,
        'published' as usd_basis, b.usd as usd_before, n.usd as usd_after, (n.usd - b.usd)::decimal(38, 2) as usd_change,
        'published_sum' as not_split_because
    from {{ ref('core_series') }} s
    join {{ ref('core_published_sum') }} n on n.attestation = s.attestation and n.scope = s.scope
    join {{ ref('core_published_sum') }} b on b.attestation = s.base_attestation and b.scope = s.scope
),
changes as (
    select * from of_assets
    union all by name
    select * from of_sums
),
compared as (
    select *,
        {{ ratio('usd_change', 'usd_before') }} as ratio_usd_change,
        {{ ratio('amount_change', 'amount_before') }} as ratio_amount_change
    from changes
)
select {{ about('a') }}, c.* exclude (attestation, ratio_usd_change, ratio_amount_change),
    c.ratio_usd_change,
    {{ null_reason('c.ratio_usd_change', [('other_basis', "c.not_split_because = 'other_basis'"), ('no_value', 'c.usd_basis is null'), ('nothing_before', 'c.usd_before is null')], 'zero_before') }}
        as ratio_usd_change_null_reason,
    c.ratio_amount_change,
    {{ null_reason('c.ratio_amount_change',
        [('published_sum', "c.asset = 'TOTAL'"), ('other_basis', "c.not_split_because = 'other_basis'"), ('no_amount', 'c.amount_change is null'), ('nothing_before', 'c.amount_before is null')], 'zero_before') }}
        as ratio_amount_change_null_reason,
    {{ quality_flags('d') }},
    coalesce(e.rows_refused, 0) as base_rows_refused, coalesce(e.is_repeat, false) as base_is_repeat,
    e.contradicted_by_own_total as base_contradicted_by_own_total, e.amount_beyond_own_total as base_amount_beyond_own_total
from compared c
join {{ ref('core_attestation') }} a on a.attestation = c.attestation
-- a published sum is of the whole
left join {{ ref('core_quality_flag') }} d on d.attestation = c.attestation and d.asset is not distinct from nullif(c.asset, 'TOTAL')
left join {{ ref('core_quality_flag') }} e on e.attestation = c.base_attestation and e.asset is not distinct from nullif(c.asset, 'TOTAL')
