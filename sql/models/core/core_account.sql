-- An account that an exchange claims. One row an exchange, network and address; the bits of `listed_in` say in which of its attestations it is listed,
-- by their numbers (core_attestation), `first_seen_at` and `last_seen_at` are the moments of the first and the last of them. Sets of claims that came and
-- went together have one value of `listed_in`.
{{ config(materialized='growing', merged='exchange, network, address, bit_or(listed_in), min(first_seen_at), max(last_seen_at)') }}
select c.exchange, c.network, c.address, bitstring_agg(a.number, 0, {{ var('most_attestations') }} - 1) as listed_in,
    min(a.snapshot_at) as first_seen_at, max(a.snapshot_at) as last_seen_at
from {{ ref('stg_claim') }} c
join {{ ref('core_attestation') }} a using (attestation)
group by c.exchange, c.network, c.address
