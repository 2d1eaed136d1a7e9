-- Reserves against liabilities. One row an attestation and asset that is held or owed. Whole numbers decide, the ratios are for people. Columns that end
-- in `_through` count wrapped and receipt tokens as what they stand for; they are null in the rows of those tokens.
with both_sides as (
    select attestation, asset, r.* exclude (attestation, exchange, asset), l.liabilities, l.conflicting as liabilities_conflicting, l.printed_ratio,
        l.liabilities_printed, l.liabilities_proven, l.proof_kind, l.proof_scheme, l.proven_conflicting, l.stated_in
    from {{ ref('core_reserves') }} r
    full join {{ ref('core_liability') }} l using (attestation, asset)   -- an asset may be owed and not held
),
with_looked_through as (
    select attestation, asset, b.* exclude (attestation, asset),
        t.reserves_claimed as reserves_claimed_through, t.reserves_onchain as reserves_onchain_through, t.reserves_proven as reserves_proven_through,
        t.liabilities as liabilities_through, t.is_complete as is_complete_through, t.counted
    from both_sides b
    full join {{ ref('core_looked_through') }} t using (attestation, asset)   -- an asset may be held as a wrapped token only
),
proofs as (
    select attestation, bool_or(proof_verdict = 'holds') as one_holds from {{ ref('core_proof_total') }} group by attestation
),
with_proof as (
    select b.*,
        {{ beside_printed('b.liabilities_printed', 'b.liabilities_proven', 's.scale') }} as liabilities_status,
        try((b.liabilities_printed - b.liabilities_proven)::decimal(38, 0)) as liabilities_difference
    from with_looked_through b
    join {{ source('registry', 'assets') }} s using (asset)
),
compared as (
    select *,
        -- a printed figure that differs from what a proof shows is only printed
        case when liabilities_printed is not null and (liabilities_proven is null or liabilities_status = 'differing') then 'printed' else proof_kind end
            as liabilities_from,
        {{ ratio('reserves_claimed', 'liabilities') }} as ratio_claimed,
        {{ ratio('reserves_onchain', 'liabilities') }} as ratio_onchain,
        {{ ratio('reserves_proven', 'liabilities') }} as ratio_proven,
        {{ ratio('claimed_without_custody', 'liabilities') }} as ratio_without_custody,
        {{ ratio('reserves_claimed_through', 'liabilities_through') }} as ratio_claimed_through,
        {{ ratio('reserves_proven_through', 'liabilities_through') }} as ratio_proven_through
    from with_proof
)
{# what a ratio lacks, in the order in which it is told -#}
{% set owed = [('no_liabilities', 'b.liabilities is null'), ('nothing_owed', 'b.liabilities = 0')] -%}
{% set owed_through = [
    ('looked_through', "s.underlying <> ''"), ('no_liabilities', 'b.liabilities_through is null'), ('nothing_owed', 'b.liabilities_through = 0'),
] -%}
{% set claimed = [('nothing_claimed', 'b.basis is null'), ('too_large', 'b.reserves_claimed is null and b.claims_left_out > 0')] -%}
{# nobody claims what was seen of a list -#}
{% set on_a_list = [('observed_list', "b.basis = 'onchain'")] -%}
select {{ about('a') }},
    b.asset,
    b.reserves_claimed, b.basis, b.custody_claimed, b.claimed_without_custody, b.claimed_without_address,
    b.reserves_onchain, b.reserves_proven, b.claimed_unobserved,
    coalesce(b.is_complete, false) as is_complete,
    b.liabilities,
    b.liabilities_from, case when b.liabilities_from is null then 'no_liabilities' end as liabilities_from_null_reason,
    b.liabilities_printed, b.liabilities_proven, {{ units('b.liabilities_proven', 's.scale') }} as liabilities_proven_units,
    case when b.liabilities_proven is not null then null when coalesce(f.one_holds, g.one_holds) is null then 'no_proof' when not coalesce(f.one_holds, g.one_holds) then 'proof_does_not_hold'
        else 'total_not_shown' end as liabilities_proven_null_reason,
    b.proof_scheme as liabilities_proven_by,
    coalesce(b.proven_conflicting, false) as liabilities_proven_conflicting,
    b.liabilities_status, b.liabilities_status = 'differing' as liabilities_differ,
    b.liabilities_difference, {{ units('b.liabilities_difference', 's.scale') }} as liabilities_difference_units,
    b.reserves_claimed_through, b.reserves_onchain_through, b.reserves_proven_through, b.liabilities_through, coalesce(b.counted, []) as counted_through,
    coalesce(b.claims_conflicting, false) as claims_conflicting,
    coalesce(b.liabilities_conflicting, false) as liabilities_conflicting,
    {% for amount in ['reserves_claimed', 'reserves_onchain', 'reserves_proven', 'liabilities', 'claimed_without_custody', 'reserves_claimed_through'] -%}
    {{ units('b.' ~ amount, 's.scale') }} as {{ amount }}_units,
    {% endfor -%}
    b.ratio_claimed, {{ null_reason('b.ratio_claimed', owed + claimed + on_a_list, 'no_amount') }} as ratio_claimed_null_reason,
    b.ratio_onchain, {{ null_reason('b.ratio_onchain', owed + claimed, 'nothing_observed') }} as ratio_onchain_null_reason,
    b.ratio_proven, {{ null_reason('b.ratio_proven', owed + claimed, 'nothing_observed') }} as ratio_proven_null_reason,
    b.ratio_without_custody,
    {{ null_reason('b.ratio_without_custody', owed + claimed + on_a_list + [('no_amount', 'b.reserves_claimed is null')], 'custody_not_stated') }}
        as ratio_without_custody_null_reason,
    b.ratio_claimed_through,
    {{ null_reason('b.ratio_claimed_through', owed_through, 'nothing_claimed') }} as ratio_claimed_through_null_reason,
    b.ratio_proven_through,
    {{ null_reason('b.ratio_proven_through', owed_through + [('nothing_claimed', 'b.reserves_claimed_through is null')], 'nothing_observed') }}
        as ratio_proven_through_null_reason,
    b.printed_ratio, case when b.printed_ratio is null then 'not_printed' end as printed_ratio_null_reason,
    -- printed as 100 % or more although less is claimed than owed
    b.printed_ratio >= 100 and b.reserves_claimed < b.liabilities as printed_hides_shortfall,
    b.reserves_claimed >= b.liabilities as is_covered_claimed,
    b.claimed_without_custody >= b.liabilities as is_covered_without_custody,
    b.reserves_claimed_through >= b.liabilities_through as is_covered_claimed_through,
    -- a lower bound that reaches the liabilities settles it; one that does not says nothing unless everything was observed
    case when b.reserves_proven >= b.liabilities then true when b.reserves_proven < b.liabilities and b.is_complete then false end as is_covered,
    case when b.reserves_proven_through >= b.liabilities_through then true
        when b.reserves_proven_through < b.liabilities_through and b.is_complete_through then false end as is_covered_through,
    coalesce(b.claims_left_out, 0) as claims_left_out,
    {{ quality_flags('d') }}
from compared b
join {{ ref('core_attestation') }} a using (attestation)
join {{ source('registry', 'assets') }} s using (asset)
left join proofs f on f.attestation = b.attestation
left join proofs g on g.attestation = b.stated_in   -- beside an observed list
left join {{ ref('core_quality_flag') }} d on d.attestation = b.attestation and d.asset = b.asset
