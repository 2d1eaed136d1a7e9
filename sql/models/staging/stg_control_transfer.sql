-- A transfer by which an exchange says that it shows control of an address, and what the chain shows of it, of newest reports. It is no signature: nothing
-- else reads it.
select r.attestation, t.*
from {{ source('lake', 'control_transfer') }} t
join {{ ref('stg_report') }} r using (exchange, report)
where r.is_newest
