{# A build fills a file of its own that is empty when it begins, so each table and view is made in one statement that commits itself. dbt's own ways make it
   under another name, look for what stands in its place, rename and drop: half a dozen statements and transactions for each. #}
{% materialization table, adapter='duckdb' %}
    {{ return(made_at_once('table', sql)) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ return(made_at_once('view', sql)) }}
{% endmaterialization %}

{% macro made_at_once(kind, sql) %}
    {%- set relation, before = this.incorporate(type=kind), load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {% if before is not none %}{% do adapter.drop_relation(before) %}{% endif %}
    {% call statement('main', auto_begin=False) -%}
        {{ create_table_as(False, relation, sql) if kind == 'table' else create_view_as(relation, sql) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [relation]}) }}
{% endmacro %}

{# What a data test finds is kept as a table, and counted there. #}
{% materialization test, adapter='duckdb' %}
    {%- set relation = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type='table') -%}
    {% call statement('main', fetch_result=True, auto_begin=False) -%}
        create or replace table {{ relation }} as ({{ sql }}
        );
        {{ get_test_sql('select * from ' ~ relation, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) }}
    {%- endcall %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
