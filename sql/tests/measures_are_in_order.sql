-- What is proven was seen, and whole numbers decide what is covered.
select attestation, asset, reserves_claimed, reserves_onchain, reserves_proven, liabilities, is_complete, is_covered, is_covered_claimed
from {{ ref('reserve_ratio') }}
where reserves_proven > reserves_onchain
    or (reserves_proven is null) <> (reserves_onchain is null)
    or is_covered_claimed is distinct from (reserves_claimed >= liabilities)
    or (is_covered and reserves_proven < liabilities)
    or (not is_covered and not is_complete)
    or (liabilities is null and coalesce(is_covered, is_covered_claimed, ratio_claimed > 0, ratio_proven > 0) is not null)
    or (basis = 'claimed' and claimed_without_custody > reserves_claimed)
union all by name
-- what is both signed for and seen is neither more than either, nor they more than what is claimed
select attestation, network as asset, usd_claimed, usd_signed, usd_seen, usd_signed_and_seen
from {{ ref('signed_and_seen') }}
where greatest(usd_signed, usd_seen) > usd_claimed or usd_signed_and_seen > least(usd_signed, usd_seen)
