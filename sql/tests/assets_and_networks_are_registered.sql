-- No asset and no network without a registry row: joins would drop it in silence.
{% set uses = [('claim', 'asset'), ('published_total', 'asset'), ('liability', 'asset'), ('balance', 'asset'), ('unobserved', 'asset'), ('price', 'asset'),
    ('claim', 'network'), ('balance', 'network'), ('unobserved', 'network'), ('block', 'network')] %}
with named as (
    {% for dataset, column in uses -%}
    select distinct '{{ dataset }}' as dataset, '{{ column }}' as named, {{ column }} as id from {{ source('lake', dataset) }} where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
)
select *
from named
where (named = 'asset' and id not in (select asset from {{ source('registry', 'assets') }}))
    or (named = 'network' and id not in (select network from {{ source('registry', 'networks') }}))
