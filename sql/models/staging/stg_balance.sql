-- What an address held of an asset, by component, of newest reports. Of an account whose wallet row stands for validators too (stg_staked) what lies
-- there is `liquid`, its validators hold `validator`, and `total` is both, as far as the chain confirms that withdrawals go there. A part that lies on
-- another network bears the rest of its name (of `polkadot` the part `asset_hub` is what `polkadot_asset_hub` holds): where the account was read there too,
-- it counts there and no longer here.
with told as (
    select * exclude (is_of_other_moment) from {{ ref('stg_reading') }} where not is_of_other_moment
),
elsewhere as (
    select p.attestation, p.report, p.network, p.asset, p.address, sum(p.amount) as amount
    from told p
    join (select distinct attestation, network, asset, address from told where component = 'total') h
        on h.attestation = p.attestation and h.asset = p.asset and h.address = p.address and h.network = concat(p.network, '_', p.component)
    where p.component <> 'total'
    group by all
),
seen as (
    select t.* replace ((t.amount - case when t.component = 'total' then coalesce(e.amount, 0) else 0 end)::decimal(38, 0) as amount)
    from told t
    left join elsewhere e
        on e.attestation = t.attestation and e.report = t.report and e.network = t.network and e.asset = t.asset and e.address = t.address
),
staking as (
    select s.*, t.seen, t.confirmed
    from seen s
    join {{ ref('stg_staked') }} t
        on t.attestation = s.attestation and t.report = s.report and t.network = s.network and t.asset = s.asset and t.address = s.address
        and s.component = 'total'
)
select s.* replace (case when t.address is not null then 'liquid' else s.component end as component)
from seen s
left join {{ ref('stg_staked') }} t
    on t.attestation = s.attestation and t.report = s.report and t.network = s.network and t.asset = s.asset and t.address = s.address
    and s.component = 'total'
union all by name
select * exclude (seen, confirmed) replace ('validator' as component, seen as amount, 'validators' as method) from staking where seen is not null
union all by name
select * exclude (seen, confirmed) replace (try((amount + confirmed)::decimal(38, 0)) as amount, case when confirmed > 0 then 'with_validators' else method end as method)
from staking
where confirmed is not null
union all by name
-- deposited from there, and withdrawn elsewhere, or not known to be withdrawn there
select * exclude (seen, confirmed) replace ('liquid_and_validators' as component, try((amount + seen)::decimal(38, 0)) as amount, 'with_validators' as method)
from staking
where seen <> confirmed
