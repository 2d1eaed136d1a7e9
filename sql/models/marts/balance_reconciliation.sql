-- What is claimed against what the chain shows. One row an attestation, network and asset; amounts in base units, counts of holdings by status.
select {{ about('a') }}, o.network, o.asset,
    sum(o.holdings)::bigint as holdings,
    {% for status in ['matched', 'rounded', 'differing', 'other_moment', 'unobserved', 'no_amount'] -%}
    coalesce(sum(o.holdings) filter (o.status = '{{ status }}'), 0)::bigint as {{ status }},
    {% endfor -%}
    coalesce(sum(o.holdings) filter (o.conflicting), 0)::bigint as conflicting,
    coalesce(sum(o.holdings) filter (o.status in ('matched', 'rounded') and o.matching_component <> 'total'), 0)::bigint as matched_part,
    list(distinct o.matching_component order by o.matching_component)
        filter (o.status in ('matched', 'rounded') and o.matching_component <> 'total') as matched_parts,
    sum(o.amount)::decimal(38, 0) as claimed,
    sum(o.onchain_exact)::decimal(38, 0) as onchain,
    (sum(o.amount) filter (o.is_observed))::decimal(38, 0) as claimed_observed,
    -- amounts that a Merkle proof leads to from the hash of the block: nobody has to believe the endpoint
    coalesce(sum(o.holdings) filter (o.proved), 0)::bigint as proved,
    (sum(o.onchain_exact) filter (o.proved))::decimal(38, 0) as proved_amount,
    {{ ratio('sum(o.onchain_exact) filter (o.proved)', 'sum(o.onchain_exact)') }} as proved_share,
    (sum(o.difference) filter (o.status = 'differing'))::decimal(38, 0) as difference,
    list(distinct o.unobserved_reason order by o.unobserved_reason) filter (o.status = 'unobserved' and o.unobserved_reason is not null) as unobserved_reasons
from {{ ref('core_alike') }} o
join {{ ref('core_attestation') }} a using (attestation)
group by all
