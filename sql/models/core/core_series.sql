-- With which earlier attestation of the exchange one is compared. One row an attestation, basis, scope and `since`: the one before it (previous), the one
-- nearest to a year before it and at most 16 days off (year_before), the first of all (first). A series runs over attestations that state what is held
-- of an asset, of one basis each (claimed, published, onchain: two bases are never compared), or over the published sums of one scope.
with stated as (
    select distinct attestation, basis, null::varchar as scope
    from {{ ref('core_value') }}
    where amount is not null or usd_published is not null
    union all
    select attestation, 'published' as basis, scope
    from {{ ref('core_published_sum') }}
),
dated as (
    select s.attestation, s.basis, s.scope, a.exchange, a.snapshot_at, a.snapshot_day
    from stated s
    join {{ ref('core_attestation') }} a using (attestation)
    where a.snapshot_at is not null
),
earlier as (
    select n.attestation, n.basis, n.scope, b.attestation as base_attestation, b.snapshot_at as base_snapshot_at,
        date_diff('day', b.snapshot_day, n.snapshot_day) as days,
        row_number() over (partition by n.attestation, n.basis, n.scope order by b.snapshot_at desc, b.attestation desc) as steps_back,
        row_number() over (partition by n.attestation, n.basis, n.scope order by b.snapshot_at, b.attestation) as steps_from_first,
        abs(date_diff('day', (n.snapshot_day - interval 1 year)::date, b.snapshot_day)) as days_off_a_year
    from dated n
    join dated b
        on b.exchange = n.exchange and b.basis = n.basis and b.scope is not distinct from n.scope
        and (b.snapshot_at, b.attestation) < (n.snapshot_at, n.attestation)
),
chosen as (
    select *, 'previous' as since from earlier where steps_back = 1
    union all
    select *, 'first' as since from earlier where steps_from_first = 1
    union all
    select *, 'year_before' as since
    from earlier
    where days_off_a_year <= 16
    qualify row_number() over (partition by attestation, basis, scope order by days_off_a_year, base_snapshot_at, base_attestation) = 1
)
select attestation, basis, scope, since, base_attestation, base_snapshot_at, days
from chosen
