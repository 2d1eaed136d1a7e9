-- An account that more than one exchange names, or that is known collateral. One row an account.
with named as (
    select account, exchange from {{ ref('core_listing') }} group by all
    union
    select k.account, l.exchange
    from {{ ref('stg_listed_address') }} l
    join {{ ref('core_account') }} k using (network, address)
),
several as (
    select account from named group by account having count(*) > 1
    union
    select k.account
    from {{ ref('core_account') }} k
    join {{ source('registry', 'collateral') }} using (network, address)
)
select k.account, k.network, k.address
from several
join {{ ref('core_account') }} k using (account)
