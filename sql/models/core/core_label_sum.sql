-- Rows of claims as published, added up: nothing is counted once here. One row an attestation, report, member, network, asset, label as written, and whether
-- they are validators. A sum that is null beside its count (`amounts`, `amounts_counted`) has more than 38 digits; `amount_counted` leaves out amounts that are too large
-- (core_limit).
{{ config(materialized='by_attestation') }}
with labelled as (
    select c.attestation, c.report, c.member, coalesce(c.deposit_address, c.withdrawal_address) is not null as is_validator, c.asset, c.network, c.label,
        c.amount, c.printed_decimals, c.snapshot_height, l.too_large_from is null or c.amount < l.too_large_from as is_counted
    from {{ ref('stg_claim') }} c
    join {{ ref('core_limit') }} l on l.attestation = c.attestation and l.asset = c.asset
)
select attestation, report, member, is_validator, asset, network, label,
    {{ total('amount') }} as amount, count(amount) as amounts,
    {{ total('amount', 'is_counted') }} as amount_counted, count(amount) filter (is_counted) as amounts_counted,
    count(*) as rows, max(printed_decimals) as digits, min(coalesce(snapshot_height, -1)) as lowest, max(coalesce(snapshot_height, -1)) as highest
from labelled
group by attestation, report, member, is_validator, asset, network, label
