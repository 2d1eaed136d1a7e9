-- What a tracker takes off for its figure of clean reserves. One row an attestation and tracker. Its list of tokens is a registry file of its own.
select a.attestation, w.tracker,
    list(t.asset order by t.asset) filter (t.asset is not null) as tokens,
    coalesce(sum(v.usd), 0)::decimal(38, 2) as usd,
    -- held, and without a price
    count(*) filter (v.asset is not null and v.usd is null) as unpriced
from {{ ref('core_attestation') }} a
cross join (select distinct tracker from {{ source('registry', 'trackers') }}) w
left join {{ source('registry', 'trackers') }} t
    on t.tracker = w.tracker and t.exchange = a.exchange
    and (a.snapshot_day is null or (a.snapshot_day >= t.since and (t."until" is null or a.snapshot_day <= t."until")))
left join {{ ref('core_value') }} v on v.attestation = a.attestation and v.asset = t.asset and v.amount is not null
group by a.attestation, w.tracker
