-- A message that accounts of a report signed. One row an attestation, report and message, with what every signature over it binds.
{{ config(materialized='by_attestation') }}
select attestation, exchange, report, message, count(*) as rows,
    {% for name in ['exchange', 'date', 'address'] -%}
    bool_and(list_contains(binds, '{{ name }}')) as names_{{ name }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('stg_ownership') }}
where verdict <> 'unsigned'
group by attestation, exchange, report, message
