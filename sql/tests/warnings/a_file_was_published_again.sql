-- The very same bytes speak of two snapshots.
{{ config(severity='warn') }}

select attestation, base_attestation, report from {{ ref('restatements') }} where kind = 'repeat'
