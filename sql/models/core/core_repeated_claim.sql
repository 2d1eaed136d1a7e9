-- A claim that stands in more than one row, by decoded account, and how it counts. One row an attestation, network, asset and canonical address: equal
-- amounts count once, of different amounts the smallest, flagged; the verdict is the strongest. `amount_left_out` is what the rows add up to beyond it.
{{ config(materialized='by_attestation') }}
with repeated as (
    select attestation, network, asset, address
    from {{ ref('stg_claim') }}
    group by attestation, network, asset, address
    having count(*) > 1
),
its_rows as materialized (   -- few, and found before anything else is looked up for them
    select c.*
    from {{ ref('stg_claim') }} c
    semi join repeated r on r.attestation = c.attestation and r.network = c.network and r.asset = c.asset and r.address = c.address
),
weighed as (
    select c.*, o.verdict, o.reason, o.message, o.binds,
        list_position(['proven', 'owner_signed', 'signature_only', 'unsupported', 'unsigned', 'invalid', 'malformed'], o.verdict) as weakness
    from its_rows c
    left join {{ ref('stg_ownership') }} o on o.attestation = c.attestation and o.report = c.report and o.member = c.member and o.source_row = c.source_row
)
select attestation, exchange, network, asset, address,
    count(*) as rows,
    list(source_row order by report, member, source_row) as source_rows,
    list(distinct address_published order by address_published) as spellings,
    list(distinct label order by label) as labels,
    list(distinct verdict order by verdict) filter (verdict is not null) as verdicts,
    min(amount) as amount,
    max(amount) as largest_amount,
    ({{ total('amount') }} - min(amount))::decimal(38, 0) as amount_left_out,
    count(distinct amount) > 1 as conflicting,
    list(amount order by amount) filter (amount is not null) as amounts,
    arg_min(printed_decimals, (amount, report, member, source_row)) filter (amount is not null) as printed_decimals,
    arg_min(holding, (report, member, source_row)) as holding,
    arg_min(custodian, (report, member, source_row)) as custodian,
    arg_min(report, (report, member, source_row)) as report,
    arg_min(verdict, (weakness, report, member, source_row)) filter (verdict is not null) as verdict,
    arg_min(reason, (weakness, report, member, source_row)) filter (verdict is not null) as reason,
    -- the message on which that verdict rests; a row without a signature rests on none
    arg_min(message, (weakness, report, member, source_row)) filter (verdict <> 'unsigned') as message,
    arg_min(binds, (weakness, report, member, source_row)) filter (verdict <> 'unsigned') as binds
from weighed
group by attestation, exchange, network, asset, address
