-- An account that more than one exchange names, or that is known collateral. One row a network and address.
with named as (
    select exchange, network, address from {{ ref('core_account') }}
    union
    select exchange, network, address from {{ ref('stg_listed_address') }}
),
several as (
    select network, address from named group by network, address having count(*) > 1
    union
    select network, address from {{ source('registry', 'collateral') }}
)
select distinct network, address from named semi join several using (network, address)
