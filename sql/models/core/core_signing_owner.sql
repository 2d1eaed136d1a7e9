-- An owner who signed for an account and whom the chain confirms. One row an attestation, network, address and owner. Owners are stated in the row that
-- claims the account or in rows that sign for it; the account's own key may be one of several.
with signed as (
    select distinct attestation, network, address, unnest(string_split(signer, ',')) as owner, message, binds from {{ ref('core_asked_signature') }}
)
select s.attestation, s.network, s.address, s.owner, l.threshold, min(s.message) as message, arg_min(s.binds, (s.message, s.binds)) as binds
from signed s
join {{ ref('stg_owner_link') }} l using (attestation, network, address, owner)
where l.holds and l.relation is distinct from 'active_permission'   -- what it was given to do, the owner may take back
group by s.attestation, s.network, s.address, s.owner, l.threshold
