-- what was looked at: holdings by what the chain showed
select attestation, network, sum(holdings) as holdings, sum(matched) as matched, sum(rounded) as rounded, sum(differing) as differing,
    sum(other_moment) as other_moment, sum(unobserved) as unobserved, list_sort(list_distinct(flatten(list(coalesce(unobserved_reasons, []))))) as why
from balance_reconciliation
where list_contains($attestations, attestation) or (len($attestations) = 0 and is_latest)
group by attestation, network
order by attestation, unobserved = holdings, network
