{# With which earlier row of its series each row of `stated` (attestation, exchange, snapshot_at, snapshot_day and the columns of `series`) is compared:
   the one before it (previous), the first of all (first), the one nearest to a year before it and at most 16 days off (year_before). #}
{% macro compared_with_earlier(stated, series) %}
{%- set of_series = series | join(', ') -%}
{%- set of_one = 'n.attestation, n.' ~ (series | join(', n.')) -%}
(
    with earlier as (
        select n.attestation, {{ 'n.' ~ (series | join(', n.')) }}, b.attestation as base_attestation, b.snapshot_at as base_snapshot_at,
            date_diff('day', b.snapshot_day, n.snapshot_day) as days,
            row_number() over (partition by {{ of_one }} order by b.snapshot_at desc, b.attestation desc) as steps_back,
            row_number() over (partition by {{ of_one }} order by b.snapshot_at, b.attestation) as steps_from_first,
            abs(date_diff('day', (n.snapshot_day - interval 1 year)::date, b.snapshot_day)) as days_off_a_year
        from {{ stated }} n
        join {{ stated }} b
            on b.exchange = n.exchange and {% for column in series %}b.{{ column }} is not distinct from n.{{ column }} and {% endfor %}(b.snapshot_at, b.attestation) < (n.snapshot_at, n.attestation)
    )
    select *, 'previous' as since from earlier where steps_back = 1
    union all
    select *, 'first' as since from earlier where steps_from_first = 1
    union all
    select *, 'year_before' as since
    from earlier
    where days_off_a_year <= 16
    qualify row_number() over (partition by attestation, {{ of_series }} order by days_off_a_year, base_snapshot_at, base_attestation) = 1
)
{%- endmacro %}

{# Each list and those that it is compared with, itself among them. #}
{% macro compared_lists(series) -%}
select distinct unnest([attestation, attestation, base_attestation, base_attestation]) as attestation,
    unnest([attestation, base_attestation, attestation, base_attestation]) as other
from {{ series }}
where scope is null and basis <> 'published'
{%- endmacro %}
