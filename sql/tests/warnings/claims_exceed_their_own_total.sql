-- What is claimed of an asset exceeds the line (ALL) of the very file that claims it: a row may stand under a label that is not its own.
{{ config(severity='warn') }}

select attestation, asset, reserves_claimed, amount_beyond_own_total, units_beyond_own_total from {{ ref('reserve_ratio') }} where contradicted_by_own_total
