-- Which accounts a list keeps, gains and loses. One row an attestation that lists accounts and network on which it or the list before it has one. Lists are
-- compared with those of one basis; an account is an address on one network. When each one was first and last listed stands in core_account.
with listing as (
    select attestation, case when bool_or(basis = 'claimed') then 'claimed' else 'onchain' end as basis
    from {{ ref('core_reserves') }}
    where attestation in (select attestation from {{ ref('core_claim_group') }})
    group by attestation
),
lists as (
    select a.attestation, a.exchange, a.number, a.snapshot_day, i.basis,
        row_number() over in_time as place,
        lag(a.attestation) over in_time as base_attestation,
        lag(a.snapshot_at) over in_time as base_snapshot_at,
        lag(a.snapshot_day) over in_time as base_day,
        lead(a.attestation) over in_time is null as is_last
    from {{ ref('core_attestation') }} a
    join listing i using (attestation)
    where a.snapshot_at is not null
    window in_time as (partition by a.exchange, i.basis order by a.number, a.attestation)
),
kinds as (
    -- accounts that came and went together
    select exchange, network, listed_in, count(*) as accounts from {{ ref('core_account') }} group by all
),
listed as (
    select k.network, k.accounts, l.exchange, l.basis, l.place,
        min(l.place) over of_kind as first_place,
        max(l.place) over of_kind as last_place,
        lag(l.place) over (of_kind order by l.place, l.attestation) as place_before,
        lead(l.place) over (of_kind order by l.place, l.attestation) as place_after
    from kinds k
    join lists l on l.exchange = k.exchange and get_bit(k.listed_in, l.number::integer) = 1
    window of_kind as (partition by k.exchange, k.network, k.listed_in, l.basis)
),
stepped as (
    -- each list, and once more as the list before the next one
    select exchange, basis, network, place, accounts, first_place = place as is_new, place_before < place - 1 as is_back, first_place = 1 as is_of_first,
        last_place = place as is_last_seen, 0 as accounts_before, 0 as accounts_dropped
    from listed
    union all by name
    select exchange, basis, network, place + 1 as place, 0 as accounts, accounts as accounts_before,
        case when place_after = place + 1 then 0 else accounts end as accounts_dropped
    from listed
),
added as (
    select exchange, basis, network, place,
        sum(accounts)::bigint as accounts,
        sum(accounts_before)::bigint as accounts_before,
        {% for name in ['new', 'back', 'of_first', 'last_seen'] -%}
        coalesce(sum(accounts) filter (is_{{ name }}), 0)::bigint as accounts_{{ name }},
        {% endfor -%}
        sum(accounts_dropped)::bigint as accounts_dropped
    from stepped
    group by exchange, basis, network, place
),
shared as (
    select l.*, n.* exclude (exchange, basis, place),
        {{ ratio('n.accounts_new + n.accounts_back', 'n.accounts') }} as share_added,
        {{ ratio('n.accounts_dropped', 'n.accounts_before') }} as share_dropped
    from added n
    join lists l on l.exchange = n.exchange and l.basis = n.basis and l.place = n.place
)
select {{ about('a') }}, t.network, t.basis, t.base_attestation, t.base_snapshot_at, date_diff('day', t.base_day, t.snapshot_day) as days,
    t.accounts,
    {% for name in ['before', 'new', 'back', 'dropped'] -%}
    case when t.base_attestation is not null then t.accounts_{{ name }} end as accounts_{{ name }},
    {% endfor -%}
    t.accounts_of_first,
    -- of the last list nobody knows what the next one drops
    case when not t.is_last then t.accounts_last_seen end as accounts_last_seen,
    case when t.base_attestation is not null then t.share_added end as share_added,
    case when t.base_attestation is null then 'first_list' when t.share_added is null then 'no_accounts' end as share_added_null_reason,
    case when t.base_attestation is not null then t.share_dropped end as share_dropped,
    case when t.base_attestation is null then 'first_list' when t.share_dropped is null then 'no_accounts' end as share_dropped_null_reason
from shared t
join {{ ref('core_attestation') }} a using (attestation)
