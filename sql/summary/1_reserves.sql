-- reserves against liabilities, in units of the asset
select attestation, asset, reserves_claimed_units as claimed, reserves_onchain_units as on_chain, reserves_proven_units as proven, liabilities_units as owed,
    try_cast(100 * ratio_claimed as decimal(18, 2)) as "claimed %", try_cast(100 * ratio_proven as decimal(18, 2)) as "proven %", printed_ratio::decimal(18, 2) as "printed %",
    is_covered_claimed as claim_covers, is_covered as proven_covers, printed_hides_shortfall as hides_shortfall
from reserve_ratio
where (list_contains($attestations, attestation) or (len($attestations) = 0 and is_latest))
    and (liabilities is not null or reserves_onchain > 0 or (reserves_onchain = 0 and basis <> 'onchain'))
order by attestation, liabilities is null, asset
