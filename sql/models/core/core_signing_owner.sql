-- An owner who signed for an account and whom the chain confirms. One row an attestation, network, address and owner.
with asked as (
    -- the few accounts of which the chain was asked
    select distinct attestation, network, address from {{ ref('stg_owner_link') }} where holds
),
signed as (
    -- owners stated in the row itself
    select attestation, network, address, unnest(string_split(signer, ',')) as owner, message, binds
    from {{ ref('stg_ownership') }}
    semi join asked using (attestation, network, address)
    where verdict = 'owner_signed'
    union
    -- the account's own key, which may be one of several
    select attestation, network, address, unnest(string_split(signer, ',')) as owner, message, binds
    from {{ ref('stg_ownership') }}
    semi join asked using (attestation, network, address)
    where verdict = 'proven' and for_row is null
    union
    -- rows of their own that sign for the row above them (HTX)
    select o.attestation, c.network, c.address, o.address as owner, o.message, o.binds
    from {{ ref('stg_ownership') }} o
    join {{ ref('stg_claim') }} c on c.attestation = o.attestation and c.report = o.report and c.source_row = o.for_row
    where o.verdict = 'proven' and o.for_row is not null
)
select s.attestation, s.network, s.address, s.owner, l.threshold, min(s.message) as message, arg_min(s.binds, s.message) as binds
from signed s
join {{ ref('stg_owner_link') }} l using (attestation, network, address, owner)
where l.holds and l.relation is distinct from 'active_permission'   -- what it was given to do, the owner may take back
group by s.attestation, s.network, s.address, s.owner, l.threshold
