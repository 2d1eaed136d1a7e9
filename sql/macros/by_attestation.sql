{# A table that is filled some attestations at a time, so that joins stay as small as these, however many there are. Planning a join costs as much for a hundred
   claims as for a hundred thousand, and each looks at every file of the lake: as many attestations are filled at once as have `rows_at_once` claims. Staging
   views show only those that the DuckDB variable `attestations` names; where it names none, as for a reader, they show all. One that states totals alone, or
   proves what is owed, has no claims: planning the joins for it would cost as long as for one that has.
   What a build before has filled for an attestation is taken over where it was made of the same (warehouse/keeping): `keeping.input` says of what an
   attestation's own rows are made, and `further_inputs` names the macro below that says what else a table looks at; `keeping.file` lists what there is. #}
{% materialization by_attestation, adapter='duckdb' %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set further = config.get('further_inputs') -%}
    {{ run_hooks(pre_hooks) }}
    {% do run_query('create or replace table ' ~ relation ~ ' as select * from (' ~ sql ~ '\n) where false') %}
    {% do run_query('create or replace temp table made_of as ' ~ made_of(context['further_inputs_' ~ further]() if further else none)) %}
    {% do run_query('create or replace temp table taken as select m.attestation, min(f.path) as path from made_of m join "' ~ target.database ~ '".keeping.file f on f.model = ' ~ "'" ~ this.name ~ "'" ~ ' and f.attestation = m.attestation and f.made_of = m.made_of group by m.attestation') %}
    {% for kept in run_query("select '[' || string_agg('''' || replace(path, '''', '''''') || '''', ', ' order by path) || ']' as paths from taken having count(*) > 0") %}
        {% do run_query('insert into ' ~ relation ~ ' by name select * from read_parquet(' ~ kept['paths'] ~ ', hive_partitioning = false)') %}
    {% endfor %}
    {% for batch in run_query(attestations_at_once('attestation not in (select attestation from taken)')) %}
        {% do run_query('set variable ' ~ batch['variable'] ~ ' = ' ~ batch['named']) %}
        {% do run_query('insert into ' ~ relation ~ ' (' ~ sql ~ '\n)') %}
        {% do run_query('reset variable ' ~ batch['variable']) %}
    {% endfor %}
    {% do run_query('insert into "' ~ target.database ~ '".keeping.filled select ' ~ "'" ~ this.name ~ "'" ~ ', attestation, made_of, path from made_of left join taken using (attestation) where made_of is not null') %}
    {% call statement('main') %}select 1{% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# Those that have claims and for which `condition` holds, as batches. By their names: a ref here would be one more input of every case. -#}
{% macro attestations_at_once(condition) -%}
with sized as (
    select r.attestation, coalesce(i.claims, 0) as rows
    from (
        select distinct attestation
        from "{{ target.database }}".staging.stg_report
        where is_newest and content not in ('totals', 'liability_proof') and {{ condition }}
    ) r
    left join "{{ target.database }}".keeping.input i using (attestation)
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

{# Of what the rows of each attestation are made, as one hash; null where that is not known. #}
{% macro made_of(further) -%}
select i.attestation,
    md5(i.inputs{% if further %} || ' ' || case when f.attestation is null then 'nothing' else f.inputs end{% endif %}) as made_of
from "{{ target.database }}".keeping.input i
{% if further %}left join ({{ further }}) f on f.attestation = i.attestation{% endif %}
{%- endmacro %}

{# What core_message says of the messages of an attestation. #}
{% macro further_inputs_messages() -%}
select s.attestation, bit_xor(md5_number([s.message, m.first_attestation, epoch_us(m.first_seen_at)::varchar]::varchar))::varchar as inputs
from (select distinct attestation, exchange, message from "{{ target.database }}".core.core_signed_message) s
join "{{ target.database }}".core.core_message m on m.exchange = s.exchange and m.message = s.message
group by s.attestation
{%- endmacro %}

{# Which lists an attestation is compared with, and of what those are made. #}
{% macro further_inputs_compared_lists() -%}
select o.attestation,
    case when count(*) = count(i.inputs) then string_agg(n.number || ' ' || o.other || ' ' || i.inputs, ', ' order by n.number, o.other) end as inputs
from ({{ compared_lists('"' ~ target.database ~ '".core.core_series') }}) o
join "{{ target.database }}".core.core_attestation n on n.attestation = o.other
left join "{{ target.database }}".keeping.input i on i.attestation = o.other
group by o.attestation
{%- endmacro %}

{# Which of its accounts others name too. #}
{% macro further_inputs_shared_accounts() -%}
select a.attestation, bit_xor(md5_number([l.network, l.address]::varchar))::varchar as inputs
from "{{ target.database }}".core.core_shared_account k
join "{{ target.database }}".core.core_account l on l.network = k.network and l.address = k.address
join "{{ target.database }}".core.core_attestation a on a.exchange = l.exchange and get_bit(l.listed_in, a.number::integer) = 1
group by a.attestation
{%- endmacro %}
