-- A counted claim beside what the chain showed, in units of the asset. One row an attestation, network, asset and address. A view over core_observation:
-- ask it for one attestation.
{{ config(materialized='view', schema='staging') }}
select *,
    {{ units('amount', 'scale') }} as claimed_units,
    {{ units('onchain', 'scale') }} as onchain_units
from {{ ref('core_observation') }}
