-- figures that the file itself contradicts, or that are short of rows
select attestation, asset, units_beyond_own_total as "beyond its own total", rows_refused, rows_refused_unread as "refused, of no known asset"
from reserve_ratio
where (list_contains($attestations, attestation) or (len($attestations) = 0 and is_latest)) and (contradicted_by_own_total or rows_refused > 0)
order by attestation, asset
