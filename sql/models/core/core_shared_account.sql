-- An account that more than one exchange names, or that is known collateral. One row an account.
with named as (
    select account, exchange from {{ ref('core_claim') }} group by all
    union
    select {{ account_number('l') }} as account, l.exchange from {{ ref('stg_listed_address') }} l
),
several as (
    select account from named group by account having count(*) > 1
    union
    select {{ account_number('k') }} as account from {{ source('registry', 'collateral') }} k
)
select account, network, address from {{ ref('core_claim') }} semi join several using (account)
union
select {{ account_number('l') }} as account, l.network, l.address
from {{ ref('stg_listed_address') }} l
semi join several s on s.account = {{ account_number('l') }}
