-- What one source states without addresses: of an asset what is held (`reserves`), its value as printed (`value`), what is owed (`liabilities`) and the
-- printed ratio (`ratio`); of a scope a sum in US dollars (`sum`). One row an attestation, what, asset or scope, and source; of several rows of one source
-- the cautious one, the least that is held and the most that is owed. All stand here; `is_counted` is the one that the marts take: of the exchange itself,
-- else of the first source by name. `contradicted` where sources, or rows of one, say different things.
with stated as (
    select attestation, exchange, 'reserves' as what, asset, null::varchar as scope, source, is_own_source, report, member, source_row,
        coalesce(amount, try(own_amount + custody_amount), own_amount, custody_amount) as amount, own_amount, custody_amount,
        null::decimal(38, 2) as usd, null::decimal(20, 12) as ratio
    from {{ ref('stg_published_total') }}
    where level = 'asset' and asset is not null
    union all by name
    select attestation, exchange, 'value' as what, asset, source, is_own_source, report, member, source_row, usd_published as usd
    from {{ ref('stg_published_total') }}
    where level = 'asset' and asset is not null
    union all by name
    select attestation, exchange, 'liabilities' as what, asset, source, is_own_source, report, member, source_row, owed as amount
    from {{ ref('stg_liability') }}
    union all by name
    select attestation, exchange, 'ratio' as what, asset, source, is_own_source, report, member, source_row, printed_ratio as ratio
    from {{ ref('stg_liability') }}
    union all by name
    select attestation, exchange, 'sum' as what, coalesce(scope, 'not stated') as scope, source, is_own_source, report, member, source_row, usd_published as usd
    from {{ ref('stg_published_total') }}
    where content = 'totals' and level = 'group'
),
told as (
    select *,
        coalesce(min(amount) over one_thing <> max(amount) over one_thing, false)
            or coalesce(min(usd) over one_thing <> max(usd) over one_thing, false)
            or coalesce(min(ratio) over one_thing <> max(ratio) over one_thing, false) as contradicted
    from stated
    where coalesce(amount, usd, ratio) is not null
    window one_thing as (partition by attestation, what, asset, scope)
),
each as (
    select *
    from told
    qualify row_number() over (
        partition by attestation, what, asset, scope, source
        order by case when what = 'liabilities' then -amount else amount end, usd, ratio, report, member, source_row
    ) = 1
)
select attestation, exchange, what, asset, scope, source, coalesce(is_own_source, false) as is_own_source, report, member, source_row,
    amount, own_amount, custody_amount, usd, ratio, contradicted,
    -- a sum of such figures would not fit: 10^18 US dollars
    coalesce(usd >= 1000000000000000000, false) as is_too_large,
    row_number() over (
        partition by attestation, what, asset, scope order by coalesce(is_own_source, false) desc, source, report, member, source_row
    ) = 1 as is_counted
from each
