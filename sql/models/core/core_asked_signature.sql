-- A row that signs for an account of which the chain was asked who controls it, and whose signature holds. One row an attestation, report, member and source_row;
-- `signer` is who signed, several separated by commas, `is_own` where the row claims the account itself.
{{ config(materialized='by_attestation') }}
with asked as (
    select distinct attestation, network, address from {{ ref('stg_owner_link') }}
),
for_others as materialized (
    -- rows of their own that sign for the row above them (HTX)
    select * from {{ ref('stg_ownership') }} where verdict = 'proven' and for_row is not null
),
with_account as materialized (
    select o.attestation, o.report, o.member, o.source_row, c.network, c.address, o.verdict, o.address as signer, o.message, o.binds
    from for_others o
    join {{ ref('stg_claim') }} c on c.attestation = o.attestation and c.report = o.report and c.member = o.member and c.source_row = o.for_row
)
select attestation, report, member, source_row, true as is_own, network, address, verdict, signer, message, binds
from {{ ref('stg_ownership') }}
semi join asked using (attestation, network, address)
where verdict = 'owner_signed' or (verdict = 'proven' and for_row is null)
union all
select attestation, report, member, source_row, false as is_own, network, address, verdict, signer, message, binds
from with_account
semi join asked using (attestation, network, address)
