-- What an address held of an asset, by component, of newest reports.
select r.attestation, b.*
from {{ source('lake', 'balance') }} b
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest and {{ at_hand('r') }}
