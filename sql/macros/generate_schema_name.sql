{# Schemas have the names that dbt_project.yml gives them: staging, core, main. #}
{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or target.schema }}{% endmacro %}
