-- files published again, byte for byte, under another date
select attestation, repeats as "same file as", report as sha256
from core_attestation
where repeats is not null and (list_contains($attestations, attestation) or len($attestations) = 0)
order by attestation
