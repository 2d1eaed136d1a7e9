{# Whether a row belongs to the attestation that a reader asks for (the variable `attestation`), or to those that are being filled at once (`attestations`,
   by_attestation); where neither names any, every row does. #}
{% macro is_current_attestation(a) %}(case when getvariable('attestations') is not null then list_contains(getvariable('attestations'), {{ a }}.attestation) when getvariable('attestation') is not null then {{ a }}.attestation = getvariable('attestation') else true end){% endmacro %}

{# Whether two moments are one: apart by no more than a published height may lie from its snapshot. #}
{% macro is_same_moment(one, other) %}abs(date_diff('second', {{ one }}, {{ other }})) <= {{ var('window_hours') }} * 3600{% endmacro %}
