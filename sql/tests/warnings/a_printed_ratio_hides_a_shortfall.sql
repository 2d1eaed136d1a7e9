-- Printed as 100 percent or more although less is claimed than owed.
{{ config(severity='warn') }}

select attestation, asset, reserves_claimed, liabilities, ratio_claimed, printed_ratio
from {{ ref('reserve_ratio') }}
where printed_hides_shortfall
