-- What is owed, for each asset. One row an attestation and asset; of sources that contradict each other the largest amount counts, flagged.
select attestation, exchange, asset,
    max(owed) as liabilities,
    count(distinct owed) > 1 as conflicting,
    arg_max(printed_ratio, (coalesce(owed, 0), report, member, source_row)) filter (printed_ratio is not null) as printed_ratio
from {{ ref('stg_liability') }}
group by attestation, exchange, asset
