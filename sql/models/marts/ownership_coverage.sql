-- How much of the claimed reserves is really proven. One row an attestation, network, verdict and reason; `share` is of the attestation's priced value.
-- `..._on_older_message`: what rests on a message that an earlier attestation of the exchange already had, so that the signature may be as old.
with valued as (
    select c.attestation, c.network, c.verdict, c.reason, c.holdings, c.names_exchange, c.names_date, c.names_address,
        {{ usd(units('c.amount', 's.scale'), 'p.usd_price') }} as usd,
        case when p.usd_price is null then 0 else c.holdings_with_amount end as holdings_priced,
        c.message_first_attestation, c.message_first_seen_at,
        coalesce(c.message_first_seen_at < a.snapshot_at, false) as is_older
    from {{ ref('core_alike') }} c
    join {{ ref('core_attestation') }} a using (attestation)
    join {{ source('registry', 'assets') }} s using (asset)
    left join {{ ref('core_price') }} p using (attestation, asset)
),
summed as (
    select attestation, network, verdict, reason,
        sum(holdings)::bigint as rows,
        sum(holdings - holdings_priced)::bigint as rows_unpriced,
        sum(usd)::decimal(38, 2) as usd,
        coalesce(sum(holdings) filter (is_older), 0)::bigint as rows_on_older_message,
        (sum(usd) filter (is_older))::decimal(38, 2) as usd_on_older_message,
        arg_min(message_first_attestation, (message_first_seen_at is null, message_first_seen_at, message_first_attestation)) as message_first_seen,
        coalesce(sum(holdings) filter (names_exchange), 0)::bigint as rows_naming_exchange,
        coalesce(sum(holdings) filter (names_date), 0)::bigint as rows_naming_date,
        coalesce(sum(holdings) filter (names_address), 0)::bigint as rows_naming_address
    from valued
    group by attestation, network, verdict, reason
)
select {{ about('a') }}, v.network, v.verdict, v.reason, v.rows, v.rows_unpriced, v.usd,
    {{ ratio('v.usd', 'sum(v.usd) over (partition by v.attestation)') }} as share,
    v.rows_on_older_message, v.usd_on_older_message, v.message_first_seen,
    v.rows_naming_exchange, v.rows_naming_date, v.rows_naming_address
from summed v
join {{ ref('core_attestation') }} a using (attestation)
