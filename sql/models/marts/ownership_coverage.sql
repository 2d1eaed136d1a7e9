-- How much of the claimed reserves is really proven. One row an attestation, network, verdict and reason; `share` is of the attestation's priced value.
-- `..._on_older_message`: what rests on a message that an earlier attestation of the exchange already had, so that the signature may be as old.
with aged as (
    select c.*, coalesce(c.message_first_seen_at < a.snapshot_at, false) as is_older
    from {{ ref('core_claim_group') }} c
    -- of a list that was observed nobody signs for anything
    join {{ ref('core_attestation') }} a on a.attestation = c.attestation and a.observed_at is null
),
by_asset as (
    -- added up before it is valued: cents are rounded once an asset
    select attestation, network, asset, verdict, reason,
        sum(holdings) as rows,
        sum(holdings_with_amount) as rows_with_amount,
        {{ total('amount') }} as amount,
        coalesce(sum(holdings) filter (is_older), 0) as rows_on_older_message,
        {{ total('amount', 'is_older') }} as amount_on_older_message,
        {% for name in ['exchange', 'date', 'address'] -%}
        coalesce(sum(holdings) filter (names_{{ name }}), 0) as rows_naming_{{ name }},
        {% endfor -%}
        min((message_first_seen_at, message_first_attestation)) filter (message_first_seen_at is not null) as first_seen,
        min(message_first_attestation) filter (message_first_seen_at is null) as first_undated
    from aged
    group by attestation, network, asset, verdict, reason
),
valued as (
    select b.*, p.usd_price, p.priced_as,
        {{ usd(units('b.amount', 's.scale'), 'p.usd_price') }} as usd,
        {{ usd(units('b.amount_on_older_message', 's.scale'), 'p.usd_price') }} as usd_on_older_message
    from by_asset b
    join {{ source('registry', 'assets') }} s using (asset)
    left join {{ ref('core_price') }} p using (attestation, asset)
),
summed as (
    select attestation, network, verdict, reason,
        sum(rows)::bigint as rows,
        sum(case when usd is null then rows else rows - rows_with_amount end)::bigint as rows_unpriced,
        sum(usd)::decimal(38, 2) as usd,
        coalesce(list(distinct asset order by asset) filter (priced_as is not null and usd is not null), []) as priced_as_underlying,
        sum(rows_on_older_message)::bigint as rows_on_older_message,
        sum(usd_on_older_message)::decimal(38, 2) as usd_on_older_message,
        coalesce(min(first_seen)[2], min(first_undated)) as message_first_seen,
        sum(rows_naming_exchange)::bigint as rows_naming_exchange,
        sum(rows_naming_date)::bigint as rows_naming_date,
        sum(rows_naming_address)::bigint as rows_naming_address
    from valued
    group by attestation, network, verdict, reason
),
shared as (
    select *, {{ ratio('usd', 'sum(usd) over (partition by attestation)') }} as share from summed
),
refused as (
    select attestation, network, sum(rows)::bigint as rows from {{ ref('core_refused') }} group by attestation, network
)
select {{ about('a') }}, v.network, v.verdict, v.reason, v.rows, v.rows_unpriced, v.priced_as_underlying, v.usd, v.share,
    case when v.usd is null then 'nothing_priced' when v.share is null then 'total_is_zero' end as share_null_reason,
    v.rows_on_older_message, v.usd_on_older_message, v.message_first_seen,
    v.rows_naming_exchange, v.rows_naming_date, v.rows_naming_address,
    coalesce(f.rows, 0) as rows_refused
from shared v
join {{ ref('core_attestation') }} a using (attestation)
left join refused f on f.attestation = v.attestation and f.network = v.network
