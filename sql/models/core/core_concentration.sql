-- How what is held lies on accounts. One row an attestation and asset, in base units, and one for all assets together (TOTAL), in cents at our prices.
-- An account is an address on one network; each holding counts once, of different amounts the smallest, and one that is too large (core_limit) does not.
-- `largest`: the ten largest accounts; `hhi`: the sum of the squares of the accounts' shares, each cut to 30 digits, so that no order of adding matters.
{{ config(materialized='by_attestation') }}
with holdings as (
    select attestation, network, asset, address, min(amount) as amount
    from {{ ref('stg_claim') }}
    group by attestation, network, asset, address
),
valued as (
    select h.*, {{ usd(units('h.amount', 'x.scale'), 'p.usd_price') }} as usd
    from holdings h
    join {{ ref('core_limit') }} x on x.attestation = h.attestation and x.asset = h.asset
    left join {{ ref('core_price') }} p on p.attestation = h.attestation and p.asset = h.asset
    where h.amount > 0 and (x.too_large_from is null or h.amount < x.too_large_from)
),
accounts as (
    select attestation, asset, network, address, amount from valued
    union all
    select attestation, 'TOTAL', network, address, (sum(usd) * 100)::decimal(38, 0)
    from valued
    where usd > 0
    group by attestation, network, address
),
added as (
    select attestation, asset, count(*) as accounts, {{ total('amount') }} as amount
    from accounts
    group by attestation, asset
),
shared as (
    -- the ten largest are no part of it: a list of them beside each account would cost more than all else here
    select d.attestation, d.asset, sum((({{ ratio('a.amount', 'd.amount') }}) * ({{ ratio('a.amount', 'd.amount') }}))::decimal(38, 30)) as hhi
    from added d
    join accounts a using (attestation, asset)
    group by d.attestation, d.asset
),
ranked as (
    select attestation, asset, max({'amount': amount, 'network': network, 'address': address}, 10) as largest
    from accounts
    group by attestation, asset
)
select attestation, asset, d.accounts, d.amount, r.largest, s.hhi
from added d
join shared s using (attestation, asset)
join ranked r using (attestation, asset)
