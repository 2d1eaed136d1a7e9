-- A file's summary does not add up.
{{ config(severity='warn') }}

select attestation, source_row, label, printed, summed, difference from {{ ref('report_arithmetic') }} where status = 'differs'
