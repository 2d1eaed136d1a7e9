-- A published height is of another moment than the snapshot, or than the other heights of the file, by more than var window_hours: a list whose parts
-- are of different moments can show one coin twice. Where only the day is known, any moment of the publisher's day fits.
{{ config(severity='warn') }}

with published as (
    select r.attestation, b.report, b.network, b.height, b.block_time, r.snapshot_at,
        r.snapshot_at + case r.snapshot_precision when 'moment' then interval 0 hours when 'day' then interval 24 hours end as snapshot_until,
        quantile_disc(b.block_time, 0.5) over (partition by r.attestation, b.report) as typical_time
    from {{ source('lake', 'block') }} b
    join {{ ref('stg_report') }} r using (exchange, report)
    where r.is_newest and b.block_origin = 'published' and b.block_time is not null
),
compared as (
    select *,
        epoch(block_time) - epoch(typical_time) as seconds_from_others,
        case when block_time < snapshot_at then epoch(block_time) - epoch(snapshot_at)
            when block_time > snapshot_until then epoch(block_time) - epoch(snapshot_until)
            when snapshot_until is not null then 0 end as seconds_from_snapshot
    from published
)
select attestation, report, network, height, block_time, snapshot_at, seconds_from_snapshot, seconds_from_others
from compared
where greatest(abs(seconds_from_others), coalesce(abs(seconds_from_snapshot), 0)) > {{ var('window_hours') }} * 3600
