{# The columns of a key stand once together, and none of them is null but for those of `nullable`. A view over single claims is asked for the latest
   attestation with addresses of each exchange only (`of_latest`): what is new is tested, and the cost does not grow with what is old. Where these have few
   claims they are asked for at once (by_attestation): the variable narrows what the views read, the SQL says the same without it. #}
{% test unique_key(model, columns, nullable=[], of_latest=false) %}
{%- set keys = columns + nullable -%}
{%- set parts = ['true'] -%}
{%- if of_latest -%}
    {%- set parts = ['false'] -%}
    {%- if execute -%}
        {%- set batches = run_query(attestations_at_once('attestation in (' ~ latest_attestations() ~ ')')) | list -%}
        {%- if batches | length == 1 -%}
            {%- do run_query('set variable ' ~ batches[0]['variable'] ~ ' = ' ~ batches[0]['named']) -%}
            {%- set parts = ['list_contains(' ~ batches[0]['listed'] ~ ', attestation)'] -%}
        {%- elif batches -%}
            {%- set parts = [] -%}
            {%- for row in run_query(latest_attestations()) -%}{% do parts.append("attestation = '" ~ row[0] | replace("'", "''") ~ "'") %}{%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{%- endif -%}
{% for part in parts -%}
select {{ keys | join(', ') }}, count(*) as rows
from {{ model }}
where {{ part }}
group by all
having count(*) > 1 or {% for column in columns %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
{{ 'union all' if not loop.last }}
{% endfor -%}
{% endtest %}

{# By its name: a ref here would be one more input of every case. #}
{% macro latest_attestations() -%}
select attestation from "{{ target.database }}".staging.stg_report where is_newest and content not in ('address_list', 'totals', 'liability_proof', 'tracker_figures', 'control_transfers')
qualify row_number() over (partition by exchange order by snapshot_at desc nulls last, attestation desc, report) = 1
order by attestation
{%- endmacro %}
