{# A table of what the attestations of an exchange have in common, `merged` from what is made of some of them and what is made of others. A build takes over what
   one before it made of an exchange's first attestations, by their numbers, where these are made of the same still, and adds those after them. #}
{% materialization growing, adapter='duckdb' %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set kept_as = "'" ~ this.name ~ "'" -%}
    {{ run_hooks(pre_hooks) }}
    {% do run_query('create or replace table ' ~ relation ~ ' as select * from (' ~ sql ~ '\n) where false') %}
    {% do run_query('create or replace temp table first_ones as ' ~ first_ones()) %}
    {% do run_query('create or replace temp table kept_ones as select exchange, number, made_of, min(path) as path from first_ones join "' ~ target.database ~ '".keeping.file f using (made_of) where f.model = ' ~ kept_as ~ ' and f.attestation = exchange group by exchange, number, made_of qualify row_number() over (partition by exchange order by number desc) <= 2') %}
    {% set taken = run_query("select '[' || string_agg('''' || replace(path, '''', '''''') || '''', ', ' order by path) || ']' as paths from (from kept_ones qualify row_number() over (partition by exchange order by number desc) = 1) having count(*) > 0") %}
    {% if taken | length == 0 %}
        {% do run_query('insert into ' ~ relation ~ ' (' ~ sql ~ '\n)') %}
    {% else %}
        {% do run_query('create or replace temp table parts as from ' ~ relation ~ ' where false') %}
        {% do run_query('insert into parts by name select * from read_parquet(' ~ taken[0]['paths'] ~ ', hive_partitioning = false)') %}
        {% for batch in run_query(attestations_at_once('attestation in (select f.attestation from first_ones f left join (select exchange, max(number) as number from kept_ones group by exchange) k using (exchange) where k.number is null or f.number > k.number)')) %}
            {% do run_query('set variable ' ~ batch['variable'] ~ ' = ' ~ batch['named']) %}
            {% do run_query('insert into parts (' ~ sql ~ '\n)') %}
            {% do run_query('reset variable ' ~ batch['variable']) %}
        {% endfor %}
        {% do run_query('insert into ' ~ relation ~ ' select ' ~ config.require('merged') ~ ' from parts group by all') %}
    {% endif %}
    {% set filled -%}
        insert into "{{ target.database }}".keeping.filled
        select {{ kept_as }}, exchange, made_of, path from kept_ones
        union all
        select {{ kept_as }}, exchange, made_of, null from (from first_ones qualify row_number() over (partition by exchange order by number desc) = 1)
        where made_of is not null and made_of not in (select made_of from kept_ones)
    {%- endset %}
    {% do run_query(filled) %}
    {% call statement('main') %}select 1{% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# Of what all attestations of an exchange up to one are made, as one hash; null where that is not known. #}
{% macro first_ones() -%}
select a.exchange, a.number, a.attestation,
    case when count(*) over so_far = count(i.inputs) over so_far
        then md5(string_agg(concat_ws(' ', a.number, a.attestation, coalesce(epoch_us(a.snapshot_at)::varchar, 'undated'), i.inputs), ', ') over so_far) end as made_of
from "{{ target.database }}".core.core_attestation a
left join "{{ target.database }}".keeping.input i on i.attestation = a.attestation
window so_far as (partition by a.exchange order by a.number)
{%- endmacro %}
