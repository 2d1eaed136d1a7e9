-- A counted claim by the number of its account. One row an attestation, account and asset.
select c.attestation, c.exchange, c.network, c.asset, k.account, c.amount
from {{ ref('core_claim') }} c
join {{ ref('core_account') }} k using (network, address)
