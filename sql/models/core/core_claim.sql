-- A claim counted once (core_repeated_claim says how). One row an attestation, network, asset and canonical address. A view: ask it for one attestation.
{{ config(materialized='view', schema='staging') }}
with judged as (
    select *, {{ names_of('binds') }} from {{ ref('stg_ownership') }}
),
single as (
    select c.attestation, c.exchange, c.network, c.asset, c.address, c.amount, 1 as rows, false as conflicting, null::decimal(38, 0)[] as amounts,
        c.printed_decimals, c.holding, c.custodian, c.report, o.verdict, o.reason, o.message, o.binds,
        o.names_exchange, o.names_date, o.names_address
    from {{ ref('stg_claim') }} c
    anti join {{ ref('core_repeated_claim') }} r
        on r.attestation = c.attestation and r.network = c.network and r.asset = c.asset and r.address = c.address
    left join judged o on o.attestation = c.attestation and o.report = c.report and o.member = c.member and o.source_row = c.source_row
),
counted as (
    select * from single
    union all by name
    select r.* exclude (source_rows, spellings, labels, verdicts, largest_amount, amount_left_out), {{ names_of('r.binds') }}
    from {{ ref('core_repeated_claim') }} r
    where {{ is_current_attestation('r') }}
),
confirmed as (
    select attestation, network, address, count(*) >= max(coalesce(threshold, 1)) as owners_suffice,
        min(message) as message, arg_min(binds, (message, binds)) as binds, {{ names_of('arg_min(binds, (message, binds))') }}
    from {{ ref('core_signing_owner') }} s
    where {{ is_current_attestation('s') }}
    group by attestation, network, address
)
select c.* replace (
        {% for name in ['binds', 'names_exchange', 'names_date', 'names_address'] -%}
        case when o.owners_suffice and o.message is not null then o.{{ name }} when c.verdict <> 'unsigned' then c.{{ name }} end as {{ name }},
        {% endfor -%}
        coalesce(c.verdict, 'unsigned') as verdict, coalesce(c.reason, 'not_verified') as reason,
        case when o.owners_suffice and o.message is not null then o.message when c.verdict <> 'unsigned' then c.message end as message
    ),
    -- the chain has the last word, both ways: owners that it confirms, and a key that an account no longer obeys
    case when c.verdict = 'proven' and k.verdict is null then c.verdict when o.owners_suffice then 'proven' when c.verdict = 'proven' then k.verdict
        else coalesce(c.verdict, 'unsigned') end as final_verdict,
    case when c.verdict = 'proven' and k.verdict is null then c.reason when o.owners_suffice then 'owners_confirmed' when c.verdict = 'proven' then k.reason
        else coalesce(c.reason, 'not_verified') end as final_reason
from counted c
left join confirmed o using (attestation, network, address)
left join {{ ref('core_lost_control') }} k using (attestation, network, address)
