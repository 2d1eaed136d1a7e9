-- A claim counted once. One row an attestation, network, asset and canonical address: equal amounts count once, of different amounts the
-- smallest, flagged; the verdict is the strongest.
with suspects as (
    -- what may stand twice: the hash only narrows, the key decides below
    select hash(attestation, network, asset, address) as fingerprint
    from {{ ref('stg_claim') }}
    group by fingerprint
    having count(*) > 1
),
single as (
    select c.attestation, c.exchange, c.network, c.asset, c.address, c.amount, 1 as rows, false as conflicting, null::decimal(38, 0)[] as amounts,
        c.printed_decimals, c.holding, c.custodian, c.report, o.verdict, o.reason, o.message, o.binds
    from {{ ref('stg_claim') }} c
    anti join suspects s on s.fingerprint = hash(c.attestation, c.network, c.asset, c.address)
    left join {{ ref('stg_ownership') }} o on {{ file_number('o') }} = {{ file_number('c') }} and o.source_row = c.source_row
),
doubtful as (
    select c.*
    from {{ ref('stg_claim') }} c
    semi join suspects s on s.fingerprint = hash(c.attestation, c.network, c.asset, c.address)
),
weighed as (
    select c.*, o.verdict, o.reason, o.message, o.binds,
        list_position(['proven', 'owner_signed', 'signature_only', 'unsupported', 'unsigned', 'invalid', 'malformed'], o.verdict) as weakness
    from doubtful c
    left join {{ ref('stg_ownership') }} o on {{ file_number('o') }} = {{ file_number('c') }} and o.source_row = c.source_row
),
repeated as (
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
    from weighed
    group by attestation, exchange, network, asset, address
),
counted as (
    select * from single
    union all by name
    select * from repeated
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
    {{ account_number('c') }} as account,
    -- the chain has the last word, both ways: owners that it confirms, and a key that an account no longer obeys
    case when c.verdict = 'proven' and k.verdict is null then c.verdict when o.owners_suffice then 'proven' when c.verdict = 'proven' then k.verdict
        else coalesce(c.verdict, 'unsigned') end as final_verdict,
    case when c.verdict = 'proven' and k.verdict is null then c.reason when o.owners_suffice then 'owners_confirmed' when c.verdict = 'proven' then k.reason
        else coalesce(c.reason, 'not_verified') end as final_reason
from counted c
left join confirmed o using (attestation, network, address)
left join {{ ref('core_lost_control') }} k using (attestation, network, address)
