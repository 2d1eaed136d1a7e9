-- What stands in a list that is compared with others, as sets of holdings whose accounts stand in the same of these. One row an attestation, network, asset and
-- set: an account and an asset count once, of different amounts the smallest. `listed_in` has bits as that of core_account, of the attestations with which this
-- one is compared (core_series) and its own: what others list changes nothing here.
{{ config(materialized='by_attestation', further_inputs='compared_lists') }}
with others as (
    {{ compared_lists(ref('core_series')) }}
),
compared as (
    select o.attestation, a.exchange, bitstring_agg(n.number, 0, {{ var('most_attestations') }} - 1) as of_these
    from others o
    join {{ ref('core_attestation') }} a on a.attestation = o.attestation
    join {{ ref('core_attestation') }} n on n.attestation = o.other
    where {{ is_current_attestation('o') }}
    group by o.attestation, a.exchange
),
holdings as (
    select attestation, network, asset, address, min(amount) as amount
    from {{ ref('stg_claim') }}
    group by attestation, network, asset, address
),
limited as (
    select h.*, coalesce(h.amount >= x.too_large_from, false) as is_too_large
    from holdings h
    join {{ ref('core_limit') }} x on x.attestation = h.attestation and x.asset = h.asset
)
select h.attestation, h.network, h.asset, l.listed_in & c.of_these as listed_in, h.amount = 0 as is_empty, h.is_too_large,
    count(*) as holdings,
    {{ total('h.amount', 'h.is_too_large is not true') }} as amount
from limited h
join compared c on c.attestation = h.attestation
join {{ ref('core_account') }} l on l.exchange = c.exchange and l.network = h.network and l.address = h.address
group by all
