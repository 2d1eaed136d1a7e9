-- What counts as proven rests on a proof that holds, of a kind that shows totals, and on a total that it shows; what is printed stays what is owed.
select p.attestation, p.asset, p.report, p.proof_verdict as found
from {{ ref('liability_proofs') }} p
where p.is_proven and (p.proof_verdict <> 'holds' or p.proof_kind not in ('tree', 'snark', 'stark') or not p.is_shown or p.owed is null)
    or p.is_counted and not p.is_proven
union all
select r.attestation, r.asset, null, r.liabilities_from
from {{ ref('reserve_ratio') }} r
where r.liabilities is distinct from coalesce(r.liabilities_printed, r.liabilities_proven)
    or r.liabilities_proven is null and (r.liabilities_from in ('tree', 'snark', 'stark') or r.liabilities_proven_by is not null)
    or (r.liabilities_differ and r.liabilities_from is distinct from 'printed')
    or (r.liabilities is null) <> (r.liabilities_from is null)
    or (r.liabilities_from is null) <> (r.liabilities_from_null_reason is not null)
    or (r.liabilities_proven is null) <> (r.liabilities_proven_null_reason is not null)
union all
-- each of them is the total of a proof that is listed: of the attestation, or of the one that is stated beside an observed list
select r.attestation, r.asset, null, 'no such proof'
from {{ ref('reserve_ratio') }} r
join {{ ref('core_liability') }} l on l.attestation = r.attestation and l.asset = r.asset
where r.liabilities_proven is not null
    and not exists (
        from {{ ref('liability_proofs') }} p
        where p.attestation in (r.attestation, l.stated_in) and p.asset = r.asset and p.is_counted and p.owed = r.liabilities_proven and p.proof_scheme = r.liabilities_proven_by
    )
