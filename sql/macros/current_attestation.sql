{# Whether a row belongs to the attestation that is being filled (by_attestation); for a reader, who names none, every row does. #}
{% macro is_current_attestation(a) %}(getvariable('attestation') is null or {{ a }}.attestation = getvariable('attestation')){% endmacro %}

{# Whether two moments are one: apart by no more than a published height may lie from its snapshot. #}
{% macro is_same_moment(one, other) %}abs(date_diff('second', {{ one }}, {{ other }})) <= {{ var('window_hours') }} * 3600{% endmacro %}
