-- what was looked at: holdings by what the chain showed
with shown as (
    select * from balance_reconciliation
    where list_contains($attestations, attestation) or (len($attestations) = 0 and is_latest)
)
select s.attestation, s.network, sum(s.holdings) as holdings, sum(s.matched) as matched, sum(s.rounded) as rounded, sum(s.differing) as differing, sum(s.proved) as proved,
    sum(s.unchanged) as unchanged, sum(s.other_moment) as other_moment, sum(s.unobserved) as unobserved, list_sort(list_distinct(flatten(list(coalesce(s.unobserved_reasons, []) order by s.unobserved_reasons)))) as why
from shown s
group by s.attestation, s.network
order by s.attestation, sum(s.unobserved) = sum(s.holdings), s.network
