-- Claimed, and without a value: no share covers it.
{{ config(severity='warn') }}

select attestation, asset, amount from {{ ref('asset_composition') }} where amount is not null and not is_priced
