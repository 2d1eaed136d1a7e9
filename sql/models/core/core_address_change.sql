-- An address that a list gained or lost since the list before it, with what it holds. One row an attestation, network, address and asset. A view:
-- ask it for one attestation.
{{ config(materialized='view', schema='staging') }}
with compared as (
    select s.attestation, s.base_attestation, n.number, b.number as base_number
    from {{ ref('core_series') }} s
    join {{ ref('core_attestation') }} n on n.attestation = s.attestation
    join {{ ref('core_attestation') }} b on b.attestation = s.base_attestation
    where s.scope is null and s.basis <> 'published' and s.since = 'previous'
        and s.attestation in (select attestation from {{ ref('core_claim_group') }}) and s.base_attestation in (select attestation from {{ ref('core_claim_group') }})
),
listed as (
    -- what stands in either list, each holding counted once: of different amounts the smallest
    select p.attestation, p.base_attestation, c.attestation = p.attestation as is_new, c.network, c.address, c.asset, min(c.amount) as amount,
        min(get_bit(l.listed_in, case when c.attestation = p.attestation then p.base_number else p.number end::integer)) as in_other
    from compared p
    join {{ ref('stg_claim') }} c on c.attestation in (p.attestation, p.base_attestation)
    join {{ ref('core_account') }} l on l.exchange = c.exchange and l.network = c.network and l.address = c.address
    group by all
)
select attestation, base_attestation, case when is_new then 'added' else 'dropped' end as change, network, address, asset, amount
from listed
where in_other = 0
