{# The month whose end a snapshot shows: what is of the first 24 hours of a month, in the publisher's clock, closes the month before. Where a month is all
   that is known, that one. Null where the day is not known. #}
{% macro month_of(a) %}date_trunc('month', {{ a }}.snapshot_day - case when {{ a }}.snapshot_precision = 'month' then 0 else 1 end)::date{% endmacro %}
