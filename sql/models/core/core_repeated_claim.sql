-- What an attestation claims more than once. One row an attestation, network, asset and address. The hash only narrows: it is the key that decides.
with suspects as (
    select hash(attestation, network, asset, address) as fingerprint
    from {{ ref('stg_claim') }}
    group by fingerprint
    having count(*) > 1
)
select c.attestation, c.network, c.asset, c.address
from {{ ref('stg_claim') }} c
semi join suspects s on s.fingerprint = hash(c.attestation, c.network, c.asset, c.address)
group by all
having count(*) > 1
