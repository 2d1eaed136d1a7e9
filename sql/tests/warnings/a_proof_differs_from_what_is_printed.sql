-- A proof that holds shows another amount than the exchange prints, or another proof does: what is printed counts, and is only printed.
{{ config(severity='warn') }}

select attestation, asset, liabilities_printed, liabilities_proven, liabilities_difference, liabilities_proven_by
from {{ ref('reserve_ratio') }}
where liabilities_differ or liabilities_proven_conflicting
