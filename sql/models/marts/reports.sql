-- Every published file, where it came from and what of it could not be read. One row a report and attestation that it speaks of. Every figure of the other marts
-- leads here by `report`; a file that was published for two moments has two rows.
with refused as (
    select exchange, report, sum(lines) as lines, list(reason || ': ' || lines order by reason) as reasons
    from (select exchange, report, reason, count(*) as lines from {{ source('lake', 'rejection') }} group by all)
    group by all
)
select r.attestation, r.exchange, r.snapshot_at, coalesce(a.is_latest, false) as is_latest, r.report, lake.build_id() as build_id,
    r.snapshot_precision, r.content, r.statement, r.format, r.revision, r.is_newest, r.report_no, r.file_name, r.origin, r.container, r.members, r.size_bytes,
    r.retrieved_at, {{ age_in_days('r.snapshot_at', 'r.retrieved_at') }} as file_age_days,
    coalesce(f.lines, 0)::bigint as lines_refused, coalesce(f.reasons, []) as lines_refused_because
from {{ ref('stg_report') }} r
left join {{ ref('core_attestation') }} a using (attestation)
left join refused f on f.exchange = r.exchange and f.report = r.report
