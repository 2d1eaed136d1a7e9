-- A message that an exchange's accounts signed. One row an exchange and message: the attestation and report in which it was first seen, and what it
-- names. A signature over it may be as old as that, or older; one that names no date says nothing of the snapshot.
with signed as (
    select o.*, a.snapshot_at
    from {{ ref('core_signed_message') }} o
    join {{ ref('core_attestation') }} a using (attestation)
)
select exchange, message,
    -- undated attestations stand in no series: one is named only where no dated one has the message
    arg_min(attestation, (snapshot_at is null, snapshot_at, attestation)) as first_attestation,
    arg_min(report, (snapshot_at is null, snapshot_at, attestation, report)) as first_report,
    min(snapshot_at) as first_seen_at,
    count(distinct attestation) as attestations,
    sum(rows)::bigint as rows,
    bool_and(names_exchange) as names_exchange,
    bool_and(names_date) as names_date,
    bool_and(names_address) as names_address
from signed
group by exchange, message
