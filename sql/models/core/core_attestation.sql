-- What one exchange says of one moment. One row an attestation; `number` counts those of an exchange from zero, `report` is its address file, else its
-- totals, else the observation of a list; `repeats` names the first attestation of the exchange for which the same bytes were published. Lists of addresses
-- without amounts attest nothing and stand in stg_listed_address; a proof of what is owed stands beside what it is of (liability_proof).
-- `is_attested`: by somebody else than porlake; `observed_at`: the moment of which its accounts were observed, where they are those of a list (stg_observed_list).
with newest as (
    select attestation, exchange,
        arg_min(snapshot_at, (content = 'observed_list', content = 'totals', report, snapshot_at)) as snapshot_at,
        arg_min(snapshot_day, (content = 'observed_list', content = 'totals', report, snapshot_day)) as snapshot_day,
        arg_min(snapshot_precision, (content = 'observed_list', content = 'totals', report, snapshot_precision)) as snapshot_precision,
        bool_or(content <> 'observed_list') as is_attested,
        case when not bool_or(content in ('addresses', 'ownership_only')) then max(snapshot_at) filter (content = 'observed_list') end as observed_at,
        case when count(distinct report_no) = 1 then min(report_no) end as report_no,   -- sources that disagree on the number say none
        arg_min(report, (content = 'observed_list', content = 'totals', report)) as report
    from {{ ref('stg_report') }}
    where is_newest and content not in ('address_list', 'tracker_figures', 'control_transfers', 'liability_proof')
    group by attestation, exchange
)
select *,
    row_number() over (partition by exchange order by snapshot_at nulls last, attestation) - 1 as number,
    case when count(*) over same_file > 1 and attestation <> first(attestation) over same_file then first(attestation) over same_file end as repeats,
    -- undated attestations stand in no series: they are kept and are never the latest
    coalesce(snapshot_at = max(snapshot_at) over (partition by exchange), false) as is_latest
from newest
window same_file as (
    partition by exchange, report order by snapshot_at nulls last, attestation rows between unbounded preceding and unbounded following
)
