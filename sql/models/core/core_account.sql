-- An account that an exchange claims. One row an exchange, network and address; the bits of `listed_in` say in which of its attestations it is listed,
-- by their numbers (core_attestation). Sets of claims that came and went together have one value of it.
select c.exchange, c.network, c.address, bitstring_agg(a.number, 0, {{ var('most_attestations') }} - 1) as listed_in
from {{ ref('stg_claim') }} c
join {{ ref('core_attestation') }} a using (attestation)
group by c.exchange, c.network, c.address
