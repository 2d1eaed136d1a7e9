-- What is owed, for each asset, of the statement that counts (core_statement). One row an attestation and asset. Beside a list that was observed stands what
-- the exchange states for the same moment: in the attestation of that day, else in one (`stated_in`) whose moment is not three hours off.
with owed as (
    select * from {{ ref('core_statement') }} where what = 'liabilities' and is_counted
),
printed as (
    select * from {{ ref('core_statement') }} where what = 'ratio' and is_counted
),
stated as (
    select attestation, exchange, asset, o.amount as liabilities, coalesce(o.contradicted, false) as conflicting, p.ratio as printed_ratio,
        coalesce(o.source, p.source) as source
    from owed o
    full join printed p using (attestation, exchange, asset)
),
beside as (
    select l.attestation, a.attestation as stated_in, a.snapshot_at, l.observed_at
    from {{ ref('core_attestation') }} l
    join {{ ref('core_attestation') }} a on a.exchange = l.exchange and a.is_attested and {{ is_same_moment('a.snapshot_at', 'l.observed_at') }}
    where not l.is_attested
    qualify row_number() over (partition by l.attestation order by abs(date_diff('second', a.snapshot_at, l.observed_at)), a.attestation) = 1
)
select *, attestation as stated_in from stated
union all by name
select b.attestation, s.* exclude (attestation), b.stated_in
from beside b
join stated s on s.attestation = b.stated_in
