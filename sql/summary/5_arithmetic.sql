-- summary lines that their own rows do not add up to
select attestation, source_row as line, label, printed_units as printed, summed_units as summed, difference_units as difference, status
from report_arithmetic
where (list_contains($attestations, attestation) or (len($attestations) = 0 and is_latest)) and status not in ('equal', 'rounding')
order by attestation, source_row, label
