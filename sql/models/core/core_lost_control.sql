-- An account that its own key signed for and that this key alone does not move: the chain gives its permission to other keys, or to several. One row
-- an attestation, network and address, with the verdict that is left. A key that may act under an active permission may be stopped by the owner.
with signed as (
    select distinct attestation, network, address, unnest(string_split(signer, ',')) as owner
    from {{ ref('core_asked_signature') }}
    where verdict = 'proven' and is_own
),
told as (
    select s.attestation, s.network, s.address,
        count(*) filter (l.holds and l.relation = 'owner_permission') as holding,
        max(l.threshold) filter (l.holds and l.relation = 'owner_permission') as needed,
        bool_or(l.holds and l.relation = 'active_permission') as is_active
    from signed s
    join {{ ref('stg_owner_link') }} l using (attestation, network, address, owner)
    where l.relation in ('owner_permission', 'active_permission')
    group by s.attestation, s.network, s.address
)
select attestation, network, address,
    case when holding > 0 or is_active then 'owner_signed' else 'signature_only' end as verdict,
    case when holding > 0 then 'more_owners_needed' when is_active then 'active_permission_only' else 'owner_key_replaced' end as reason
from told
where holding = 0 or holding < needed
