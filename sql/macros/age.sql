{# How old something is: the whole days that passed from one moment, or day, to another. Null where it is not before the other: an age is never below zero. #}
{% macro age_in_days(from, to) %}case when {{ from }} <= {{ to }} then date_sub('day', {{ from }}, {{ to }}) end{% endmacro %}
