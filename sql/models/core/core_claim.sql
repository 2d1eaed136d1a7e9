-- A claim counted once. One row an attestation, network, asset and canonical address: equal amounts count once, of different amounts the
-- smallest, flagged; the verdict is the strongest.
with ranked as (
    select c.*, o.verdict, o.reason, o.message, o.binds,
        list_position(['proven', 'owner_signed', 'signature_only', 'unsupported', 'unsigned', 'invalid', 'malformed'], o.verdict) as weakness
    from {{ ref('stg_claim') }} c
    left join {{ ref('stg_ownership') }} o using (attestation, report, source_row)
),
counted as (
    select attestation, exchange, network, asset, address,
        min(amount) as amount,
        count(*) as rows,
        count(distinct amount) > 1 as conflicting,
        list(amount order by amount) filter (amount is not null) as amounts,
        arg_min(printed_decimals, (amount, source_row)) filter (amount is not null) as printed_decimals,
        arg_min(holding, source_row) as holding,
        arg_min(custodian, source_row) as custodian,
        arg_min(report, source_row) as report,
        arg_min(verdict, (weakness, source_row)) filter (verdict is not null) as verdict,
        arg_min(reason, (weakness, source_row)) filter (verdict is not null) as reason,
        -- the message on which that verdict rests; a row without a signature rests on none
        arg_min(message, (weakness, source_row)) filter (verdict <> 'unsigned') as message,
        arg_min(binds, (weakness, source_row)) filter (verdict <> 'unsigned') as binds
    from ranked
    group by attestation, exchange, network, asset, address
),
confirmed as (
    select attestation, network, address, count(*) >= max(coalesce(threshold, 1)) as owners_suffice,
        min(message) as message, arg_min(binds, message) as binds
    from {{ ref('core_signing_owner') }}
    group by attestation, network, address
)
select c.* replace (
        coalesce(c.verdict, 'unsigned') as verdict, coalesce(c.reason, 'not_verified') as reason,
        case when o.owners_suffice and o.message is not null then o.message when c.verdict <> 'unsigned' then c.message end as message,
        case when o.owners_suffice and o.message is not null then o.binds when c.verdict <> 'unsigned' then c.binds end as binds
    ),
    case when o.owners_suffice then 'proven' else coalesce(c.verdict, 'unsigned') end as final_verdict,
    case when o.owners_suffice then 'owners_confirmed' else coalesce(c.reason, 'not_verified') end as final_reason
from counted c
left join confirmed o using (attestation, network, address)
