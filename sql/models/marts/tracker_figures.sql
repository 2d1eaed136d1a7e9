-- What trackers print of exchanges, each figure under the tracker's own definition. One row a report and line; it stands beside ours, nothing is computed
-- with it. Of one source and moment the newest edition counts.
select r.attestation, r.exchange, r.snapshot_at,
    coalesce(r.snapshot_at = max(r.snapshot_at) over (partition by r.exchange, f.source, f.figure, f.unit), false) as is_latest,
    f.report, lake.build_id() as build_id,
    r.snapshot_precision, {{ month_of('r') }} as month, f.source, f.figure, f.unit, f.value, f.definition, f.note, f.source_row
from {{ source('lake', 'tracker_figure') }} f
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest
