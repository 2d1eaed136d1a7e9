-- holdings that differ on chain at the snapshot block, in units of the asset
select attestation, network, asset, address, claimed_units as claimed, onchain_units as on_chain, onchain_units - claimed_units as difference, final_verdict as verdict
from core_holding
where status = 'differing' and attestation = getvariable('attestation')
order by network, asset, address
