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
)
select attestation, basis, scope, since, base_attestation, base_snapshot_at, days
from {{ compared_with_earlier('dated', ['basis', 'scope']) }}
