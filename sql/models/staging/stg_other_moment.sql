-- Where the bytes of a report are stated for several moments, it names no height, and balances were read at the block of another moment than the
-- attestation's: of the attestations of a report the first one that is no earlier than the block is the block's. One row an attestation, report and network;
-- `named_heights`: heights of the network that the report does name, which are the same for every attestation. A table: whatever asks for balances asks it.
{{ config(materialized='table') }}
with blocks as (
    select exchange, report, network, max(block_time) filter (block_origin = 'resolved') as found_at,
        coalesce(list(height order by height) filter (block_origin = 'published'), []) as named_heights
    from {{ source('lake', 'block') }}
    group by all
    having bool_or(block_origin = 'resolved')
),
stated as (
    select r.attestation, b.*, r.snapshot_at, count(*) over of_block as moments,
        min(r.snapshot_at) filter (r.snapshot_precision = 'moment' and r.snapshot_at >= b.found_at) over of_block as block_of
    from blocks b
    join {{ ref('stg_report') }} r using (exchange, report)
    window of_block as (partition by b.exchange, b.report, b.network)
)
select attestation, exchange, report, network, named_heights
from stated
where moments > 1 and (block_of is null or snapshot_at is distinct from block_of)
