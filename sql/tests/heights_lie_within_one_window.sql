-- The published heights of one snapshot lie within one window of time (var window_hours): a list whose parts are of different days can show one coin twice.
with published as (
    select r.attestation, b.report, b.network, b.height, b.block_time,
        min(b.block_time) over (partition by r.attestation) as first_time,
        max(b.block_time) over (partition by r.attestation) as last_time
    from {{ source('lake', 'block') }} b
    join {{ ref('stg_report') }} r using (exchange, report)
    where r.is_newest and b.block_origin = 'published'
)
select * from published where epoch(last_time) - epoch(first_time) > {{ var('window_hours') }} * 3600
