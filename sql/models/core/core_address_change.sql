-- An address that a list gained or lost since the list before it, with what it holds. One row an attestation, network, address and asset. A view:
-- ask it for one attestation.
{{ config(materialized='view') }}
with compared as (
    select attestation, base_attestation from {{ ref('core_series') }} where series = 'assets' and since = 'previous'
)
select p.attestation, p.base_attestation, 'added' as change, c.network, c.address, c.asset, c.amount
from compared p
join {{ ref('core_claim') }} c on c.attestation = p.attestation
where p.base_attestation in (select attestation from {{ ref('core_claim') }})
    and not exists (select 1 from {{ ref('core_claim') }} b where b.attestation = p.base_attestation and b.network = c.network and b.address = c.address)
union all
select p.attestation, p.base_attestation, 'dropped' as change, b.network, b.address, b.asset, b.amount
from compared p
join {{ ref('core_claim') }} b on b.attestation = p.base_attestation
where p.attestation in (select attestation from {{ ref('core_claim') }})
    and not exists (select 1 from {{ ref('core_claim') }} c where c.attestation = p.attestation and c.network = b.network and c.address = b.address)
