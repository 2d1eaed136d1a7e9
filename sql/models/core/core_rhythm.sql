-- How often an exchange attests. One row an exchange with two dated attestations of different days; `rhythm_days` is the median of the days between
-- one and the next, the lower of two. What porlake observes is no attestation of the exchange.
with gaps as (
    select exchange, date_diff('day', lag(snapshot_day) over (partition by exchange order by snapshot_at, attestation), snapshot_day) as days
    from {{ ref('core_attestation') }}
    where snapshot_at is not null and is_attested
)
select exchange, quantile_disc(days, 0.5) as rhythm_days
from gaps
where days > 0
group by exchange
