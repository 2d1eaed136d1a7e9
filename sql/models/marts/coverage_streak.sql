-- How many snapshots in a row an asset has been covered. One row an exchange, asset and dated attestation. A snapshot that is not covered, or of
-- which that is not known, ends a row of covered ones; so does a gap: an edition, or a snapshot by the exchange's own rhythm, of which there is nothing
-- about the asset. One is missed where half a rhythm more than one rhythm has passed; of one gap a thousand are named at most. Snapshots of one basis
-- make a streak of ours: what is claimed is counted on by nothing that was only published or observed. A printed ratio is the exchange's, whatever the basis.
with series as (
    select r.exchange, r.asset, r.attestation, r.basis, coalesce(r.basis <> 'onchain', true) as is_attested, a.snapshot_at,
        try_cast(a.report_no as integer) as edition, case when coalesce(r.basis <> 'onchain', true) then h.rhythm_days end as rhythm_days,
        r.is_covered, r.is_covered_claimed, r.printed_ratio, r.printed_ratio >= 100 as is_covered_printed,
        lag(try_cast(a.report_no as integer)) over by_time as edition_before,
        a.snapshot_day, lag(a.snapshot_day) over by_time as day_before
    from {{ ref('reserve_ratio') }} r
    join {{ ref('core_attestation') }} a using (attestation)
    left join {{ ref('core_rhythm') }} h on h.exchange = r.exchange
    where a.snapshot_at is not null
    window by_time as (partition by r.exchange, r.asset, r.basis is distinct from 'onchain' order by a.snapshot_at, r.attestation)
),
measured as (
    select *, date_diff('day', day_before, snapshot_day) as days_since from series
),
with_gaps as (
    select *,
        case
            when edition - edition_before is not null then list_transform(range(edition_before::bigint + 1, least(edition::bigint, edition_before::bigint + 1001)), lambda n: n::varchar)
            -- the days on which a snapshot would have been due; whole numbers round the number of rhythms
            when rhythm_days is not null and days_since is not null then
                list_transform(range(1, least((2 * days_since + rhythm_days) // (2 * rhythm_days), 1001)),
                    lambda n: strftime(day_before + to_days((n * rhythm_days)::integer), '%Y-%m-%d'))
            else []
        end as missing_before
    from measured
),
with_breaks as (
    -- where nothing is held, nothing of any basis is covered
    select *, sum((len(missing_before) > 0 or basis is null)::integer) over by_time as breaks
    from with_gaps
    window by_time as (partition by exchange, asset, is_attested order by snapshot_at, attestation)
),
runs as (
    -- a number for each run of snapshots that nothing interrupts
    select *,
        {% for covered in ['is_covered', 'is_covered_claimed'] -%}
        breaks + sum(({{ covered }} is not true)::integer) over of_one_basis as run_{{ covered }},
        {% endfor -%}
        sum((len(missing_before) > 0 or is_covered_printed is not true)::integer) over by_time as run_is_covered_printed
    from with_breaks
    window by_time as (partition by exchange, asset, is_attested order by snapshot_at, attestation),
        of_one_basis as (partition by exchange, asset, is_attested, basis order by snapshot_at, attestation)
)
select {{ about('a') }}, r.asset, r.basis, r.edition, r.rhythm_days, r.days_since, r.missing_before, len(r.missing_before) > 0 as follows_gap,
    {% for covered, name, of in [('is_covered', 'observed', ', r.basis'), ('is_covered_claimed', 'claimed', ', r.basis'), ('is_covered_printed', 'printed', '')] -%}
    r.{{ covered }},
    -- not known to be covered: null, not zero
    case when r.{{ covered }} then sum(r.{{ covered }}::integer) over (partition by r.exchange, r.asset, r.is_attested{{ of }}, r.run_{{ covered }} order by r.snapshot_at, r.attestation)
        when not r.{{ covered }} then 0 end::bigint as streak_{{ name }},
    {% endfor -%}
    -- an exchange that numbers its editions, and says of each that it was covered, states the number as its streak
    case when r.is_covered_printed then r.edition end::bigint as streak_published,
    {{ quality_flags('d') }}
from runs r
join {{ ref('core_attestation') }} a on a.attestation = r.attestation
left join {{ ref('core_quality_flag') }} d on d.attestation = r.attestation and d.asset = r.asset
