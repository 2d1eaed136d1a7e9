-- What a list of validators is to the wallet rows of its attestation, by the file's own sums. One row an attestation and asset of which validators are
-- listed. `basis`: in_addition (the printed total is the wallet rows and the staking total together, so the validators count beside them),
-- within_wallets (it is the wallet rows alone, where staked coins stand under their owners' accounts), undecided (neither, or no total is printed).
-- Only in_addition counts: nothing is added blindly. `onchain`: what the chain shows of them, null unless of all. A table, for whatever asks for claims
-- asks it first.
{{ config(materialized='table') }}
with listed as (
    -- a validator that stands twice counts once, with the smallest amount
    select v.attestation, v.exchange, v.asset, count(*) as validators, {{ total('v.amount') }} as listed,
        case when count(b.amount) = count(*) then {{ total('b.amount') }} end as onchain
    from (select attestation, exchange, report, network, asset, address, min(amount) as amount from {{ ref('stg_validator') }} group by all) v
    left join {{ ref('stg_reading') }} b
        on b.attestation = v.attestation and b.report = v.report and b.network = v.network and b.asset = v.asset and b.address = v.address
        and b.component = 'total' and b.as_of = 'exact' and not b.is_of_other_moment
    group by v.attestation, v.exchange, v.asset
),
wallet_rows as (
    select r.attestation, c.asset, {{ folded('c.label') }} as folded, {{ total('c.amount') }} as amount, count(*) as rows, max(c.printed_decimals) as digits
    from {{ source('lake', 'claim') }} c
    join {{ ref('stg_report') }} r using (exchange, report)
    semi join listed l on l.attestation = r.attestation and l.asset = c.asset
    where r.is_newest and r.content not in ('address_list', 'observed_list') and coalesce(c.deposit_address, c.withdrawal_address) is null
    group by all
),
sums as (
    -- a total may mean the rows of its label, or those of its asset on all networks
    select attestation, asset, amount, rows, digits from wallet_rows where folded = {{ folded('asset') }}
    union all
    select attestation, asset, {{ total('amount') }} as amount, sum(rows)::bigint as rows, max(digits) as digits from wallet_rows group by attestation, asset
),
lines as (
    select t.attestation, t.asset, t.amount, t.printed_decimals as digits, t.holding = 'native_staking' as is_staking
    from {{ ref('stg_published_total') }} t
    semi join listed using (attestation, asset)
    where t.level in ('group', 'part') and t.content = 'addresses' and (t.holding = 'native_staking' or {{ folded('t.label') }} = {{ folded('t.asset') }})
),
staked as (
    select l.*, coalesce(s.amount, l.listed)::decimal(38, 0) as staking_total
    from listed l
    left join (select attestation, asset, max(amount) as amount from lines where is_staking group by all) s using (attestation, asset)
),
compared as (
    select p.attestation, p.asset, p.amount as printed, w.amount as wallets, try((w.amount + s.staking_total)::decimal(38, 0)) as with_staking,
        try(({{ last_digit('a.scale', 'w.digits') }} * w.rows + {{ last_digit('a.scale', 'p.digits') }})::decimal(38, 0)) as rounding
    from lines p
    join sums w using (attestation, asset)
    join staked s using (attestation, asset)
    join {{ source('registry', 'assets') }} a using (asset)
    where not p.is_staking
),
told as (
    select attestation, asset, min(printed) as printed, min(wallets) as wallet_rows,
        bool_or(abs(wallets - printed) < rounding) as is_wallets, bool_or(abs(with_staking - printed) < rounding) as is_both
    from compared
    group by attestation, asset
)
select s.attestation, s.exchange, s.asset, s.validators, s.listed, s.onchain, s.staking_total, t.printed, t.wallet_rows,
    case when t.is_wallets then 'within_wallets' when t.is_both then 'in_addition' else 'undecided' end as basis
from staked s
left join told t using (attestation, asset)
