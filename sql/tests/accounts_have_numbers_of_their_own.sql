-- Joins know an account by a number: no two accounts have one.
with named as (
    select account, network, address from {{ ref('core_claim') }} group by all
    union
    select {{ account_number('l') }} as account, network, address from {{ ref('stg_listed_address') }} l
)
select account, list(network || ' ' || address) as accounts
from named
group by account
having count(*) > 1
