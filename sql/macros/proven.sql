{# What a proof of liabilities says of an asset beside what the exchange prints: matched; rounded, where the two are apart by less than one unit of the last
   digit that is printed; differing. How far a figure is printed is not kept, so zeros at its end count as not printed, down to whole units of the asset. Null
   where one of the two is missing. #}
{% macro beside_printed(printed, proven, scale) -%}
case when {{ printed }} is null or {{ proven }} is null then null
    when {{ printed }} = {{ proven }} then 'matched'
    when try(abs({{ printed }} - {{ proven }}) < ('1' || repeat('0', case when {{ printed }} = 0 then {{ scale }}
        else least(length({{ printed }}::varchar) - length(rtrim({{ printed }}::varchar, '0')), {{ scale }}) end))::decimal(38, 0)) then 'rounded'
    else 'differing' end
{%- endmacro %}
