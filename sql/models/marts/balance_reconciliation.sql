-- What is claimed against what the chain shows. One row an attestation, network and asset; amounts in base units, counts of holdings by status.
with added as (
    select o.attestation, o.network, o.asset,
        sum(o.holdings)::bigint as holdings,
        {% for status in ['matched', 'rounded', 'differing', 'other_moment', 'unobserved', 'no_amount'] -%}
        coalesce(sum(o.holdings) filter (o.status = '{{ status }}'), 0)::bigint as {{ status }},
        {% endfor -%}
        coalesce(sum(o.holdings) filter (o.conflicting), 0)::bigint as conflicting,
        coalesce(sum(o.holdings) filter (o.status in ('matched', 'rounded') and o.matching_component <> 'total'), 0)::bigint as matched_part,
        list(distinct o.matching_component order by o.matching_component)
            filter (o.status in ('matched', 'rounded') and o.matching_component <> 'total') as matched_parts,
        {{ total('o.amount') }} as claimed,
        {{ total('o.onchain_exact') }} as onchain,
        {{ total('o.amount', 'o.is_observed') }} as claimed_observed,
        coalesce(sum(o.holdings) filter (o.is_confirmed), 0)::bigint as confirmed,
        -- amounts that a Merkle proof leads to from the hash of the block: nobody has to believe the endpoint
        coalesce(sum(o.holdings) filter (o.proved), 0)::bigint as proved,
        {{ total('o.onchain_exact', 'o.proved') }} as proved_amount,
        -- read at a later block, at which the chain shows that nothing happened at the account since (stg_unchanged)
        coalesce(sum(o.holdings) filter (o.unchanged), 0)::bigint as unchanged,
        {{ total('o.difference', "o.status = 'differing'") }} as difference,
        list(distinct o.unobserved_reason order by o.unobserved_reason) filter (o.status = 'unobserved' and o.unobserved_reason is not null) as unobserved_reasons
    from {{ ref('core_claim_group') }} o
    group by o.attestation, o.network, o.asset
),
shared as (
    select *, {{ ratio('proved_amount', 'onchain') }} as proved_share from added
)
select {{ about('a') }}, o.network, o.asset, o.holdings, o.matched, o.rounded, o.differing, o.other_moment, o.unobserved, o.no_amount,
    o.conflicting, o.matched_part, o.matched_parts, o.claimed, o.onchain, o.claimed_observed, o.confirmed, o.proved, o.proved_amount, o.proved_share,
    {{ null_reason('o.proved_share', [('nothing_observed', 'o.onchain is null'), ('nothing_proved', 'o.proved_amount is null')]) }} as proved_share_null_reason,
    o.unchanged, o.difference, o.unobserved_reasons,
    coalesce(f.rows, 0) as rows_refused,
    -- of the staking file: beside the claims of the network whose coins are staked
    v.validators, v.listed as validators_claimed, v.onchain as validators_onchain, v.basis as validators_count_as
from shared o
join {{ ref('core_attestation') }} a on a.attestation = o.attestation and a.observed_at is null   -- nobody claims what a list was observed for
left join {{ ref('stg_staking') }} v on v.attestation = o.attestation and v.asset = o.asset and o.network = 'ethereum'
left join {{ ref('core_refused') }} f on f.attestation = o.attestation and f.network = o.network and f.asset = o.asset
