{# Whether a row belongs to the attestation that is being filled (by_attestation); for a reader, who names none, every row does. #}
{% macro is_current_attestation(a) %}(getvariable('attestation') is null or {{ a }}.attestation = getvariable('attestation')){% endmacro %}
