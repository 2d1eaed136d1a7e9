-- What is owed, for each asset, of the statement that counts (core_statement). One row an attestation and asset.
with owed as (
    select * from {{ ref('core_statement') }} where what = 'liabilities' and is_counted
),
printed as (
    select * from {{ ref('core_statement') }} where what = 'ratio' and is_counted
)
select attestation, exchange, asset, o.amount as liabilities, coalesce(o.contradicted, false) as conflicting, p.ratio as printed_ratio,
    coalesce(o.source, p.source) as source
from owed o
full join printed p using (attestation, exchange, asset)
