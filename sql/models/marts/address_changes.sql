-- Addresses that a list gained and lost. One row an attestation, since, network and asset on which either list claims something.
select {{ about('a') }}, l.since, l.base_attestation, s.base_snapshot_at, s.days, l.network, l.asset,
    s.basis, l.holdings, l.holdings_before, l.holdings_added, l.holdings_dropped, l.amount_added, l.amount_dropped,
    {{ units('l.amount_added', 'x.scale') }} as units_added,
    {{ units('l.amount_dropped', 'x.scale') }} as units_dropped,
    p.priced_as, q.priced_as as base_priced_as, l.usd_added, l.usd_dropped
from {{ ref('core_list_change') }} l
join {{ ref('core_series') }} s on s.attestation = l.attestation and s.since = l.since and s.scope is null and s.basis <> 'published'
join {{ ref('core_attestation') }} a on a.attestation = l.attestation
join {{ source('registry', 'assets') }} x using (asset)
left join {{ ref('core_price') }} p on p.attestation = l.attestation and p.asset = l.asset
left join {{ ref('core_price') }} q on q.attestation = l.base_attestation and q.asset = l.asset
