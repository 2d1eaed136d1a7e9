-- An account of a network, with a number by which the joins of this build know it. One row a network and canonical address.
with named as (
    select network, address from {{ ref('core_claim') }}
    union
    select network, address from {{ ref('stg_listed_address') }}
)
select network, address, row_number() over () as account
from named
