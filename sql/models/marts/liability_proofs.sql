-- Every published proof of liabilities, and what was found when it was checked, with its totals beside what the exchange prints. One row an attestation,
-- report, scheme and asset; `asset` is null for labels that no asset is known under, and for a proof that states no total. Of one statement the newest edition
-- counts.
with compared as (
    select t.*, l.liabilities_printed, s.scale,
        {{ beside_printed('l.liabilities_printed', 't.owed', 's.scale') }} as liabilities_status,
        try((l.liabilities_printed - t.owed)::decimal(38, 0)) as liabilities_difference
    from {{ ref('core_proof_total') }} t
    left join {{ ref('core_liability') }} l on l.attestation = t.attestation and l.asset = t.asset
    left join {{ source('registry', 'assets') }} s on s.asset = t.asset
)
select r.attestation, r.exchange, r.snapshot_at,
    coalesce(r.snapshot_at = max(r.snapshot_at) over (partition by r.exchange), false) as is_latest,
    r.report, lake.build_id() as build_id,
    c.proof_scheme, c.proof_kind, c.asset, c.labels, c.proof_verdict, p.reason, p.proof_detail, p.root, p.leaves,
    p.checks_passed, p.checks_failed, p.checks_unmade, p.findings, p.finding_details, p.not_shown, p.key_sha256,
    c.owed, {{ units('c.owed', 'c.scale') }} as owed_units,
    case when c.owed is not null then null when len(c.labels) = 0 then 'no_total' when c.asset is null then 'unknown_asset' else 'no_amount' end as owed_null_reason,
    c.is_shown, c.is_proven, c.is_counted, c.contradicted,
    c.liabilities_printed, {{ units('c.liabilities_printed', 'c.scale') }} as liabilities_printed_units,
    c.liabilities_status, c.liabilities_difference, {{ units('c.liabilities_difference', 'c.scale') }} as liabilities_difference_units
from compared c
join {{ ref('stg_liability_proof') }} p using (attestation, report, proof_scheme)
join {{ ref('stg_report') }} r using (attestation, report)
