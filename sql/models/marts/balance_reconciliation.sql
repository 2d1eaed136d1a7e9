-- What is claimed against what the chain shows. One row an attestation, network and asset; amounts in base units, counts of holdings by status.
select {{ about('a') }}, o.network, o.asset,
    count(*) as holdings,
    {% for status in ['matched', 'rounded', 'differing', 'other_moment', 'unobserved', 'no_amount'] -%}
    count(*) filter (o.status = '{{ status }}') as {{ status }},
    {% endfor -%}
    count(*) filter (o.conflicting) as conflicting,
    count(*) filter (o.status in ('matched', 'rounded') and o.matching_component <> 'total') as matched_part,
    list(distinct o.matching_component order by o.matching_component)
        filter (o.status in ('matched', 'rounded') and o.matching_component <> 'total') as matched_parts,
    sum(o.amount)::decimal(38, 0) as claimed,
    sum(o.onchain_exact)::decimal(38, 0) as onchain,
    (sum(o.amount) filter (o.onchain_exact is not null))::decimal(38, 0) as claimed_observed,
    -- amounts that a Merkle proof leads to from the hash of the block: nobody has to believe the endpoint
    count(*) filter (o.proved) as proved,
    (sum(o.onchain_exact) filter (o.proved))::decimal(38, 0) as proved_amount,
    {{ ratio('sum(o.onchain_exact) filter (o.proved)', 'sum(o.onchain_exact)') }} as proved_share,
    (sum(o.onchain_exact - o.amount) filter (o.status = 'differing'))::decimal(38, 0) as difference,
    list(distinct o.unobserved_reason order by o.unobserved_reason) filter (o.status = 'unobserved' and o.unobserved_reason is not null) as unobserved_reasons
from {{ ref('core_observation') }} o
join {{ ref('core_attestation') }} a using (attestation)
group by all
