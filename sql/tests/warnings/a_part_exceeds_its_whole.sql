-- A total is said to hold more without custody than altogether.
{{ config(severity='warn') }}

select attestation, asset, claimed_without_custody, reserves_claimed
from {{ ref('reserve_ratio') }}
where claimed_without_custody > reserves_claimed
