-- Claims of one attestation that are alike in all that a mart tells apart, added up: what marts are made of instead of millions of claims. One row a
-- set of claims; claims that are too large (core_limit) are counted and not added up, and an amount that is null beside `holdings_with_amount` has more than
-- 38 digits. `message_...`: of the signed message on which the verdict rests.
{{ config(materialized='by_attestation', further_inputs='messages') }}
select o.attestation, o.exchange, o.network, o.asset, o.holding, o.final_verdict as verdict, o.final_reason as reason, o.conflicting,
    m.first_attestation as message_first_attestation, m.first_seen_at as message_first_seen_at,
    o.names_exchange, o.names_date, o.names_address,
    o.status, o.matching_component, o.unobserved_reason, o.proved, coalesce(o.unchanged, false) as unchanged, o.confirmed_by is not null as is_confirmed, o.onchain_exact is not null as is_observed,
    o.amount = 0 as is_empty,
    count(*) as holdings,
    sum(o.rows)::bigint as rows,
    count(*) filter (o.is_too_large) as holdings_too_large,
    count(o.amount) filter (o.is_too_large is not true) as holdings_with_amount,
    {{ total('o.amount', 'o.is_too_large is not true') }} as amount,
    {{ total('o.onchain_exact') }} as onchain_exact,
    -- of each claim what the chain shows of it
    {{ total('case when o.amount is not null and o.onchain_exact is not null then least(o.amount, o.onchain_exact) end', 'o.is_too_large is not true') }} as amount_seen,
    {{ total('(o.onchain_exact - o.amount)', 'o.is_too_large is not true') }} as difference
from {{ ref('core_observation') }} o
left join {{ ref('core_message') }} m on m.exchange = o.exchange and m.message = o.message
group by all
