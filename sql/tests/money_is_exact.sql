-- No floating-point number, and no HUGEINT, which Parquet keeps as one, in a column of a mart: but for ratios, shares and indices, which decide nothing.
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
select schema_name, table_name, column_name, data_type
from duckdb_columns()
where database_name = current_database() and not internal and schema_name in ('main', 'core')
    and regexp_matches(data_type, 'DOUBLE|FLOAT|HUGEINT')
    and not (data_type = 'DOUBLE' and regexp_matches(column_name, '(^|_)(ratio|share|cleanliness|hhi)(_|$)'))
