-- What an asset is to the exchange at the moment of an attestation: own, affiliated, or the class of the asset. One row an attestation and asset.
select a.attestation, s.asset,
    coalesce(
        max(t.relation) filter (t.relation = 'own'),
        max(t.relation),
        max(case s.asset_class when 'exchange_token' then 'other' when 'receipt' then 'wrapped' else s.asset_class end)
    ) as relation
from {{ ref('core_attestation') }} a
cross join {{ source('registry', 'assets') }} s
left join {{ source('registry', 'exchange_tokens') }} t
    on t.exchange = a.exchange and t.asset = s.asset
    and (a.snapshot_day is null or (a.snapshot_day >= t.since and (t."until" is null or a.snapshot_day <= t."until")))
group by a.attestation, s.asset
