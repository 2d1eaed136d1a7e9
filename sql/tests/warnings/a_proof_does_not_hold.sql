-- A published proof of liabilities fails a check, or cannot be read as what it is.
{{ config(severity='warn') }}

select distinct attestation, report, proof_scheme, proof_verdict, reason, proof_detail
from {{ ref('liability_proofs') }}
where proof_verdict in ('broken', 'malformed')
