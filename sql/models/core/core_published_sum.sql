-- A sum in US dollars that is published for a whole exchange. One row an attestation and scope; of sources that contradict each other the smallest counts.
select attestation, exchange, coalesce(scope, 'not stated') as scope,
    min(usd_published) as usd,
    count(distinct usd_published) > 1 as conflicting
from {{ ref('stg_published_total') }}
where content = 'totals' and level = 'group' and usd_published is not null
group by attestation, exchange, scope
