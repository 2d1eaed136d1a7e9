{# A table that is filled some attestations at a time, so that joins stay as small as these, however many there are. Planning a join costs as much for a hundred
   claims as for a hundred thousand, and each looks at every file of the lake: as many attestations are filled at once as have `rows_at_once` claims. Staging
   views show only those that the DuckDB variable `attestations` names; where it names none, as for a reader, they show all. One that states totals alone, or
   proves what is owed, has no claims: planning the joins for it would cost as long as for one that has. #}
{% materialization by_attestation, adapter='duckdb' %}
    {%- set relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {% do run_query('create or replace table ' ~ relation ~ ' as select * from (' ~ sql ~ '\n) where false') %}
    {% for batch in run_query(attestations_at_once()) %}
        {% do run_query('set variable ' ~ batch['variable'] ~ ' = ' ~ batch['named']) %}
        {% do run_query('insert into ' ~ relation ~ ' (' ~ sql ~ '\n)') %}
        {% do run_query('reset variable ' ~ batch['variable']) %}
    {% endfor %}
    {% call statement('main') %}select 1{% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# Those that have claims, or those of the query `chosen`, as batches. By their names: a ref here would be one more input of every case. -#}
{% macro attestations_at_once(chosen=none) -%}
with sized as (
    select r.attestation, coalesce(sum(c.rows), 0) as rows
    from (
        select distinct attestation, exchange, report
        from "{{ target.database }}".staging.stg_report
        where is_newest and content not in ('totals', 'liability_proof'){{ ' and attestation in (' ~ chosen ~ ')' if chosen }}
    ) r
    left join (select exchange, report, count(*) as rows from "{{ target.database }}".lake.claim group by all) c using (exchange, report)
    group by r.attestation
),
placed as (
    select attestation, '''' || replace(attestation, '''', '''''') || '''' as quoted, sum(rows) over (order by attestation) - rows as rows_before from sized
)
-- as literals of SQL, and the variable that names them: of one attestation the one that a reader sets, by which whole files are left out
select '[' || string_agg(quoted, ', ' order by attestation) || ']' as listed,
    case when count(*) = 1 then min(quoted) else listed end as named,
    case when count(*) = 1 then 'attestation' else 'attestations' end as variable
from placed
group by rows_before // {{ var('rows_at_once') }}
order by min(attestation)
{%- endmacro %}
