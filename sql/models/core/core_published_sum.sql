-- A sum in US dollars that is published for a whole exchange, of the statement that counts (core_statement). One row an attestation and scope.
select attestation, exchange, scope, usd, contradicted as conflicting, source
from {{ ref('core_statement') }}
where what = 'sum' and is_counted and not is_too_large
