-- who can prove control: share of the priced value by verdict
select attestation, verdict, sum(rows) as rows, sum(usd) as usd, (100 * sum(share::decimal(18, 15)))::decimal(18, 2) as "share %", sum(rows_unpriced) as rows_unpriced
from ownership_coverage
where list_contains($attestations, attestation) or (len($attestations) = 0 and is_latest)
group by attestation, verdict
order by attestation, usd desc nulls last, verdict
