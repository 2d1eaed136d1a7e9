-- Rows of the address block that were refused: what a figure may be short of. One row an attestation, network and asset, each null where the row does not
-- tell it in words that we know. Lists of addresses attest nothing and are left out.
select attestation, network, asset, count(*) as rows
from {{ ref('stg_rejection') }}
where block = 'rows' and content not in ('address_list', 'tracker_figures', 'control_transfers')
group by attestation, network, asset
