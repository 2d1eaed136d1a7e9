-- A ratio or share that is null has a reason beside it, and one that is not has none: in every mart, in the column <its name>_null_reason, or in one that
-- stands for all columns whose names begin alike (share_null_reason of dominance).
-- depends_on: {{ ref('account_turnover') }}
-- depends_on: {{ ref('address_changes') }}
-- depends_on: {{ ref('address_collisions') }}
-- depends_on: {{ ref('asset_composition') }}
-- depends_on: {{ ref('balance_reconciliation') }}
-- depends_on: {{ ref('cleanliness') }}
-- depends_on: {{ ref('concentration') }}
-- depends_on: {{ ref('coverage_streak') }}
-- depends_on: {{ ref('dominance') }}
-- depends_on: {{ ref('exchange_month') }}
-- depends_on: {{ ref('liabilities_change') }}
-- depends_on: {{ ref('liability_proofs') }}
-- depends_on: {{ ref('net_flow') }}
-- depends_on: {{ ref('network_composition') }}
-- depends_on: {{ ref('observed_lists') }}
-- depends_on: {{ ref('ownership_coverage') }}
-- depends_on: {{ ref('report_arithmetic') }}
-- depends_on: {{ ref('reserve_ratio') }}
-- depends_on: {{ ref('restatements') }}
-- depends_on: {{ ref('signed_and_seen') }}
with told as (
    select null::varchar as mart, null::varchar as figure, null::varchar as attestation, null::varchar as reason, null::boolean as is_null where false
    {%- if execute %}{% for node in graph.nodes.values() if node.resource_type == 'model' and 'marts' in node.fqn %}
    {%- for column in node.columns if modules.re.search('(^|_)(ratio|share|cleanliness)(_|$)', column) and not column.endswith('_null_reason') %}
    {%- set reasons = [] %}
    {%- for other in node.columns if other.endswith('_null_reason') and (column ~ '_').startswith(other[:-11]) %}{% do reasons.append(other) %}{% endfor %}
    union all
    select '{{ node.name }}', '{{ column }}', attestation, {{ (reasons | sort(attribute='length') | last) if reasons else 'null::varchar' }}, {{ column }} is null
    from {{ node.relation_name }}
    {%- endfor %}{% endfor %}{% endif %}
)
select * from told where is_null <> (reason is not null)
