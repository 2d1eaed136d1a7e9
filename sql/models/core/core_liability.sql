-- What is owed, for each asset: as printed in the statement that counts (core_statement), beside it what a proof shows (core_proof_total). One row an
-- attestation and asset. `liabilities` is the printed figure; what is shown takes its place only where none is printed. Beside a list that was observed stands
-- what the exchange states for the same moment: in the attestation of that day, else in one (`stated_in`) whose moment is not three hours off.
with owed as (
    select * from {{ ref('core_statement') }} where what = 'liabilities' and is_counted
),
ratio as (
    select * from {{ ref('core_statement') }} where what = 'ratio' and is_counted
),
stated as (
    select attestation, exchange, asset, o.amount as liabilities_printed, coalesce(o.contradicted, false) as conflicting, p.ratio as printed_ratio,
        coalesce(o.source, p.source) as source
    from owed o
    full join ratio p using (attestation, exchange, asset)
),
shown as (
    -- a proof of a moment of which nothing else is stated stands in liability_proofs alone
    select t.attestation, t.exchange, t.asset, t.owed as liabilities_proven, t.proof_kind, t.proof_scheme, t.contradicted as proven_conflicting
    from {{ ref('core_proof_total') }} t
    semi join {{ ref('core_attestation') }} a on a.attestation = t.attestation
    where t.is_counted
),
beside as (
    select l.attestation, a.attestation as stated_in, a.snapshot_at, l.observed_at
    from {{ ref('core_attestation') }} l
    join {{ ref('core_attestation') }} a on a.exchange = l.exchange and a.is_attested and {{ is_same_moment('a.snapshot_at', 'l.observed_at') }}
    where not l.is_attested
    qualify row_number() over (partition by l.attestation order by abs(date_diff('second', a.snapshot_at, l.observed_at)), a.attestation) = 1
),
printed as (
    select *, attestation as stated_in from stated
    union all by name
    select b.attestation, s.* exclude (attestation), b.stated_in
    from beside b
    join stated s on s.attestation = b.stated_in
),
proven as (
    select *, attestation as stated_in from shown
    union all by name
    select b.attestation, s.* exclude (attestation), b.stated_in
    from beside b
    join shown s on s.attestation = b.stated_in
    where b.attestation not in (select attestation from {{ ref('core_proof_total') }})   -- a list may have a proof of its own day
)
select attestation, exchange, asset, coalesce(p.liabilities_printed, v.liabilities_proven) as liabilities, p.liabilities_printed, v.liabilities_proven,
    v.proof_kind, v.proof_scheme, coalesce(v.proven_conflicting, false) as proven_conflicting,
    coalesce(p.conflicting, false) as conflicting, p.printed_ratio, p.source, coalesce(p.stated_in, v.stated_in) as stated_in
from printed p
full join proven v using (attestation, exchange, asset)
