-- What a chain answered of a holding, by component, of newest reports, as it stands in the lake. `is_of_other_moment`: it was asked for another attestation
-- of the same bytes (stg_other_moment).
select r.attestation, b.*, coalesce(not list_contains(o.named_heights, b.height), false) as is_of_other_moment
from {{ source('lake', 'balance') }} b
join {{ ref('stg_report') }} r using (exchange, report)
left join {{ ref('stg_other_moment') }} o on o.attestation = r.attestation and o.report = b.report and o.network = b.network
where r.is_newest and {{ is_current_attestation('r') }}
