-- The parts of a change add up to it to the cent; the cross term, which takes what rounding leaves, is off by three cents at most; and a change is
-- split, or says why not.
select attestation, since, asset, scope, usd_change, usd_flow, usd_price, usd_cross, usd_list, usd_own, not_split_because
from {{ ref('net_flow') }}
where (not_split_because is null and usd_change is distinct from usd_flow + usd_price + usd_cross + coalesce(usd_list, 0) + usd_own)
    or (not_split_because is null and relation <> 'own' and amount_before is not null and amount_after is not null
        and abs(usd_cross - usd_flow / nullif(price_before, 0)::double * (price_after - price_before)) > 0.03 + abs(price_after / nullif(price_before, 0) - 1) * 0.01
            -- units are rounded to their eighth digit, and a double has fifteen
            + 1e-8::double * (price_before + price_after) + 1e-9::double * (abs(usd_cross) + abs(usd_flow)))
    or (not_split_because is not null and coalesce(usd_flow, usd_price, usd_cross, usd_list, usd_own) is not null)
    or usd_change is distinct from (case when usd_basis is not null then coalesce(usd_after, 0) - coalesce(usd_before, 0) end)
