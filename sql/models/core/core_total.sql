-- What a totals file says is held, for each asset. One row an attestation and asset; sources that contradict each other are flagged and the
-- smallest amount counts.
with stated as (
    select *, coalesce(amount, own_amount + custody_amount, own_amount, custody_amount) as held
    from {{ ref('stg_published_total') }}
    where level = 'asset'
)
select attestation, exchange, asset,
    min(held) as amount,
    min(own_amount) as own_amount,
    min(custody_amount) as custody_amount,
    max(usd_published) as usd_published,
    count(distinct held) > 1 as conflicting
from stated
group by attestation, exchange, asset
