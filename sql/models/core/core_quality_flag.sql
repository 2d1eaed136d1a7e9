-- What a publisher's own files make doubtful about a figure. One row an attestation and asset of the registry, and one without an asset for the whole: rows
-- that were refused (`rows_refused_unread`: those that name no asset that we know), whether the file is one that was published before, byte for byte, and
-- whether the claims exceed the file's own (ALL) line.
with refused as (
    select attestation, asset, sum(rows)::bigint as rows from {{ ref('core_refused') }} group by attestation, asset
),
of_files as (
    select a.attestation, a.repeats is not null as is_repeat,
        coalesce(sum(f.rows), 0)::bigint as rows_refused,
        coalesce(sum(f.rows) filter (f.asset is null), 0)::bigint as rows_refused_unread
    from {{ ref('core_attestation') }} a
    left join refused f using (attestation)
    group by a.attestation, a.repeats
),
of_assets as (
    select o.attestation, s.asset, o.is_repeat, coalesce(f.rows, 0) as rows_refused, o.rows_refused_unread,
        t.is_contradicted as contradicted_by_own_total,
        t.amount_beyond as amount_beyond_own_total,
        {{ units('t.amount_beyond', 's.scale') }} as units_beyond_own_total,
        {{ usd(units('t.amount_beyond', 's.scale'), 'p.usd_price') }} as usd_beyond_own_total,
        case when t.is_contradicted then [s.asset] else [] end as contradicted_assets
    from of_files o
    cross join {{ source('registry', 'assets') }} s
    left join refused f on f.attestation = o.attestation and f.asset = s.asset
    left join {{ ref('core_own_total') }} t on t.attestation = o.attestation and t.asset = s.asset
    left join {{ ref('core_price') }} p on p.attestation = o.attestation and p.asset = s.asset
)
select * from of_assets
union all by name
select o.*, x.* exclude (attestation)
from of_files o
join (
    select attestation, bool_or(contradicted_by_own_total) as contradicted_by_own_total,
        sum(usd_beyond_own_total)::decimal(38, 2) as usd_beyond_own_total,
        coalesce(list(asset order by asset) filter (contradicted_by_own_total), []) as contradicted_assets
    from of_assets
    group by attestation
) x using (attestation)
