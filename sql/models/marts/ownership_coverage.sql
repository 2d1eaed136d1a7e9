-- How much of the claimed reserves is really proven. One row an attestation, network, verdict and reason; `share` is of the attestation's priced value.
-- `..._on_older_message`: what rests on a message that an earlier attestation of the exchange already had, so that the signature may be as old.
with alike as (
    -- claims of one verdict over one message, added before they are valued
    select attestation, exchange, network, asset, final_verdict as verdict, final_reason as reason, message, binds,
        count(*) as rows, count(amount) as rows_with_amount, sum(amount)::decimal(38, 0) as amount
    from {{ ref('core_claim') }}
    group by all
),
valued as (
    select c.attestation, c.network, c.verdict, c.reason, c.binds, c.rows,
        {{ usd(units('c.amount', 's.scale'), 'p.usd_price') }} as usd,
        case when p.usd_price is null then 0 else c.rows_with_amount end as rows_priced,
        m.first_attestation, m.first_seen_at,
        coalesce(m.first_seen_at < a.snapshot_at, false) as is_older
    from alike c
    join {{ ref('core_attestation') }} a using (attestation)
    join {{ source('registry', 'assets') }} s using (asset)
    left join {{ ref('core_price') }} p using (attestation, asset)
    left join {{ ref('core_message') }} m on m.exchange = c.exchange and m.message = c.message
),
summed as (
    select attestation, network, verdict, reason,
        sum(rows)::bigint as rows,
        sum(rows - rows_priced)::bigint as rows_unpriced,
        sum(usd)::decimal(38, 2) as usd,
        coalesce(sum(rows) filter (is_older), 0)::bigint as rows_on_older_message,
        (sum(usd) filter (is_older))::decimal(38, 2) as usd_on_older_message,
        arg_min(first_attestation, (first_seen_at is null, first_seen_at, first_attestation)) as message_first_seen,
        coalesce(sum(rows) filter (list_contains(binds, 'exchange')), 0)::bigint as rows_naming_exchange,
        coalesce(sum(rows) filter (list_contains(binds, 'date')), 0)::bigint as rows_naming_date,
        coalesce(sum(rows) filter (list_contains(binds, 'address')), 0)::bigint as rows_naming_address
    from valued
    group by attestation, network, verdict, reason
)
select {{ about('a') }}, v.network, v.verdict, v.reason, v.rows, v.rows_unpriced, v.usd,
    {{ ratio('v.usd', 'sum(v.usd) over (partition by v.attestation)') }} as share,
    v.rows_on_older_message, v.usd_on_older_message, v.message_first_seen,
    v.rows_naming_exchange, v.rows_naming_date, v.rows_naming_address
from summed v
join {{ ref('core_attestation') }} a using (attestation)
