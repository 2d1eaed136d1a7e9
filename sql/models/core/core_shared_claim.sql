-- What is claimed at an account that somebody else names too (core_shared_account). One row an attestation, network, address and asset, each counted once, of
-- different amounts the smallest; `amount_held` is the smallest that is more than nothing.
{{ config(materialized='by_attestation', further_inputs='shared_accounts') }}
select c.attestation, c.exchange, c.network, c.address, c.asset, min(c.amount) as amount, min(c.amount) filter (c.amount > 0) as amount_held
from {{ ref('stg_claim') }} c
semi join {{ ref('core_shared_account') }} k on k.network = c.network and k.address = c.address
group by c.attestation, c.exchange, c.network, c.address, c.asset
