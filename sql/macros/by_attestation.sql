{# A table that is filled one attestation after the other, so that joins stay as small as one attestation, however many there are. Staging views show
   only the attestation that the DuckDB variable names; where it names none, as for a reader, they show all. One that states totals alone, or proves what is owed, has no claims:
   planning the joins for it would cost as long as for one that has. #}
{% materialization by_attestation, adapter='duckdb' %}
    {%- set relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {% do run_query('create or replace table ' ~ relation ~ ' as select * from (' ~ sql ~ '\n) where false') %}
    {#- by its name: a ref here would be one more input of every case -#}
    {% for row in run_query('select distinct attestation from "' ~ this.database ~ '".staging.stg_report where is_newest and content not in (' ~ "'totals', 'liability_proof'" ~ ') order by attestation') %}
        {% do run_query("set variable attestation = '" ~ row[0] | replace("'", "''") ~ "'") %}
        {% do run_query('insert into ' ~ relation ~ ' (' ~ sql ~ '\n)') %}
    {% endfor %}
    {% call statement('main') %}reset variable attestation{% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
