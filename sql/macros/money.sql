{# Exact arithmetic on amounts. What does not fit is null, never an error: who needs to say so looks where an amount went in and none came out. #}

{# Whole base units as units of the asset, DECIMAL(28,8): exact up to the eighth digit, where it rounds. DuckDB divides decimals as doubles, so each
   scale multiplies by its own exact literal. Null from 10^20 units on. #}
{% macro units(amount, scale) -%}
try(case {{ scale }}
    {%- for digits in range(25) %}
    when {{ digits }} then ({{ amount }} * {{ '1' if digits == 0 else '0.' ~ '0' * (digits - 1) ~ '1' }}::decimal({{ digits + 1 }}, {{ digits }}))::decimal(28, 8)
    {%- endfor %}
end)
{%- endmacro %}

{# Base units of one scale as base units of another; digits that do not fit are rounded. Null over 38 digits. #}
{% macro rescaled(amount, from, to) -%}
try(case {{ to }} - {{ from }}
    {%- for digits in range(1, 25) %}
    when {{ digits }} then ({{ amount }} * 1{{ '0' * digits }}::decimal({{ digits + 1 }}, 0))::decimal(38, 0)
    when -{{ digits }} then ({{ amount }} * 0.{{ '0' * (digits - 1) }}1::decimal({{ digits + 1 }}, {{ digits }}))::decimal(38, 0)
    {%- endfor %}
    when 0 then {{ amount }}
end)
{%- endmacro %}

{# One unit of the last of the printed digits, in base units. #}
{% macro last_digit(scale, digits) %}('1' || repeat('0', greatest({{ scale }} - coalesce({{ digits }}, {{ scale }}), 0)))::decimal(38, 0){% endmacro %}

{# US dollars of some units at a price DECIMAL(20,12), to the cent. Null from 10^18 dollars on: the product would have more than 38 digits. #}
{% macro usd(units, price) %}try(({{ units }} * {{ price }})::decimal(38, 2)){% endmacro %}

{# The sum of whole decimals, exact; null where nothing is added, and where the sum has more than 38 digits. DuckDB's own sum raises there. Digits
   above the 28th are added up apart, as whole numbers, and put back where they fit: what is left has room for 10^9 rows. #}
{% macro total(amount, where=none, over=none) -%}
{%- set only = ' filter (' ~ where ~ ')' if where else '' -%}
{%- set window = ' over (' ~ over ~ ')' if over else '' -%}
{%- set high = 'coalesce(sum(case when abs(' ~ amount ~ ') >= 1e28::decimal(38, 0) then ' ~ amount ~ '::hugeint // 100000000000000000000::hugeint end)' ~ only ~ window ~ ', 0)' -%}
case when count({{ amount }}){{ only }}{{ window }} > 0 and abs({{ high }}) < 1000000000000000000 then try_cast(
    coalesce(sum(case when abs({{ amount }}) < 1e28::decimal(38, 0) then {{ amount }} end){{ only }}{{ window }}, 0)::hugeint
    + coalesce(sum(case when abs({{ amount }}) >= 1e28::decimal(38, 0) then {{ amount }}::hugeint % 100000000000000000000::hugeint end){{ only }}{{ window }}, 0)::hugeint
    + ({{ high }})::hugeint * 100000000000000000000::hugeint
as decimal(38, 0)) end
{%- endmacro %}

{# A ratio for people: a double, null without a denominator. Never decides anything. #}
{% macro ratio(part, whole) %}({{ part }})::double / nullif(({{ whole }})::double, 0){% endmacro %}

{# Why a ratio is null, as a code; null where it is not. `because` lists (code, condition) in the order in which they are looked at; `otherwise` is what
   is left: for a ratio a denominator of zero. #}
{% macro null_reason(value, because, otherwise='total_is_zero') -%}
case when {{ value }} is not null then null
    {%- for code, condition in because %} when {{ condition }} then '{{ code }}'{% endfor %} else '{{ otherwise }}' end
{%- endmacro %}

{# Columns that every mart carries. #}
{% macro about(a) %}{{ a }}.attestation, {{ a }}.exchange, {{ a }}.snapshot_at, {{ a }}.is_latest, {{ a }}.report, lake.build_id() as build_id{% endmacro %}

{# What an asset's figure may be doubted for, of a row of core_quality_flag; for a whole attestation with `whole`. #}
{% macro quality_flags(d, whole=false) -%}
coalesce({{ d }}.rows_refused, 0) as rows_refused, coalesce({{ d }}.rows_refused_unread, 0) as rows_refused_unread,
    coalesce({{ d }}.is_repeat, false) as is_repeat, {{ d }}.contradicted_by_own_total,
    {% if whole %}coalesce({{ d }}.contradicted_assets, []) as contradicted_assets, {{ d }}.usd_beyond_own_total
    {%- else %}{{ d }}.amount_beyond_own_total, {{ d }}.units_beyond_own_total{% endif %}
{%- endmacro %}

{# Whether a source is the exchange itself, of a row of the registry's exchanges: its id, its name, or a page of its home. #}
{% macro is_own_source(source, e) -%}
coalesce(
    lower({{ source }}) in ({{ e }}.exchange, lower({{ e }}.name))
    or regexp_matches(lower({{ source }}), '^(https?://)?([a-z0-9-]+\.)*'
        || regexp_escape(regexp_extract({{ e }}.home, '^https?://(www\.)?([^/]+)', 2)) || '([/ :]|$)') and regexp_extract({{ e }}.home, '^https?://(www\.)?([^/]+)', 2) <> '',
    false
)
{%- endmacro %}

{# Labels of one file are compared without case, dashes and blanks, and the words of `SOL-USDC` in any order. #}
{% macro folded(label) -%}
array_to_string(list_sort(string_split(regexp_replace(upper(regexp_replace(trim({{ label }}), '\s*\(all\)$', '', 'i')), '[-_\s]+', '_', 'g'), '_')), '_')
{%- endmacro %}

{# What a message names, a column each. #}
{% macro names_of(binds) -%}
{% for name in ['exchange', 'date', 'address'] %}list_contains({{ binds }}, '{{ name }}') as names_{{ name }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}
