-- How many snapshots in a row an asset has been covered. One row an exchange, asset and dated attestation. A snapshot that is not covered, or of
-- which that is not known, ends a row of covered ones; so does a gap: an edition, or a snapshot by the exchange's own rhythm, of which there is nothing
-- about the asset. One is missed where half a rhythm more than one rhythm has passed; of one gap a thousand are named at most.
with series as (
    select r.exchange, r.asset, r.attestation, a.snapshot_at, try_cast(a.report_no as integer) as edition, h.rhythm_days,
        r.is_covered, r.is_covered_claimed, r.printed_ratio, r.printed_ratio >= 100 as is_covered_printed,
        lag(try_cast(a.report_no as integer)) over by_time as edition_before,
        a.snapshot_day, lag(a.snapshot_day) over by_time as day_before
    from {{ ref('reserve_ratio') }} r
    join {{ ref('core_attestation') }} a using (attestation)
    left join {{ ref('core_rhythm') }} h on h.exchange = r.exchange
    where a.snapshot_at is not null
    window by_time as (partition by r.exchange, r.asset order by a.snapshot_at, r.attestation)
),
measured as (
    select *, date_diff('day', day_before, snapshot_day) as days_since from series
),
with_gaps as (
    select *,
        case
            when edition - edition_before is not null then list_transform(range(edition_before::bigint + 1, least(edition::bigint, edition_before::bigint + 1000)), lambda n: n::varchar)
            -- the days on which a snapshot would have been due; whole numbers round the number of rhythms
            when rhythm_days is not null and days_since is not null then
                list_transform(range(1, least((2 * days_since + rhythm_days) // (2 * rhythm_days), 1000)),
                    lambda n: strftime(day_before + to_days((n * rhythm_days)::integer), '%Y-%m-%d'))
            else []
        end as missing_before
    from measured
),
runs as (
    -- a number for each run of snapshots that nothing interrupts
    select *,
        {% for covered in ['is_covered', 'is_covered_claimed', 'is_covered_printed'] -%}
        sum((len(missing_before) > 0 or {{ covered }} is not true)::integer) over by_time as run_{{ covered }}{{ ',' if not loop.last }}
        {% endfor %}
    from with_gaps
    window by_time as (partition by exchange, asset order by snapshot_at, attestation)
)
select {{ about('a') }}, r.asset, r.edition, r.rhythm_days, r.days_since, r.missing_before, len(r.missing_before) > 0 as follows_gap,
    {% for covered, name in [('is_covered', 'observed'), ('is_covered_claimed', 'claimed'), ('is_covered_printed', 'printed')] -%}
    r.{{ covered }},
    -- not known to be covered: null, not zero
    case when r.{{ covered }} then sum(r.{{ covered }}::integer) over (partition by r.exchange, r.asset, r.run_{{ covered }} order by r.snapshot_at, r.attestation)
        when not r.{{ covered }} then 0 end::bigint as streak_{{ name }},
    {% endfor -%}
    -- an exchange that numbers its editions, and says of each that it was covered, states the number as its streak
    case when r.is_covered_printed then r.edition end::bigint as streak_published,
    {{ quality_flags('d') }}
from runs r
join {{ ref('core_attestation') }} a on a.attestation = r.attestation
left join {{ ref('core_quality_flag') }} d on d.attestation = r.attestation and d.asset = r.asset
