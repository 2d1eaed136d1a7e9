-- A claim that stands in more than one row, by decoded account. One row an attestation, network, asset and canonical address; `amount` is what counts,
-- `amount_left_out` what the rows add up to beyond it.
with repeated as (
    select attestation, network, asset, address from {{ ref('core_claim') }} where rows > 1
)
select c.attestation, c.exchange, c.network, c.asset, c.address,
    count(*) as rows,
    list(c.source_row order by c.source_row) as source_rows,
    list(distinct c.address_published order by c.address_published) as spellings,
    list(distinct c.label order by c.label) as labels,
    list(distinct o.verdict order by o.verdict) filter (o.verdict is not null) as verdicts,
    min(c.amount) as amount,
    max(c.amount) as largest_amount,
    (sum(c.amount) - min(c.amount))::decimal(38, 0) as amount_left_out,
    count(distinct c.amount) > 1 as conflicting
from {{ ref('stg_claim') }} c
semi join repeated r on r.attestation = c.attestation and r.network = c.network and r.asset = c.asset and r.address = c.address
left join {{ ref('stg_ownership') }} o on {{ file_number('o') }} = {{ file_number('c') }} and o.source_row = c.source_row
group by c.attestation, c.exchange, c.network, c.asset, c.address
