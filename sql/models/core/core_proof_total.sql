-- What a proof of liabilities states in all, for each asset. One row an attestation, report, scheme and asset; `asset` is null for labels that no asset is
-- known under, and for a proof that states no total. Labels of one asset are added up. `is_proven`: the proof holds, is of a kind that shows totals (tree,
-- snark, stark), and shows the total of each of those labels; all else is stated beside a proof. `is_counted`: the proven one of an attestation and asset that
-- the marts take: of a tree before a snark before a stark, then the most that is owed, then the first by name. `contradicted` where proven ones differ.
with labelled as (
    select p.attestation, p.exchange, p.report, p.proof_scheme, p.proof_kind, p.proof_verdict, t.asset, t.label, t.owed, t.is_shown
    from {{ ref('stg_liability_proof') }} p
    left join {{ source('lake', 'liability_proof_total') }} t using (exchange, report, proof_scheme)
),
added as (
    select attestation, exchange, report, proof_scheme, proof_kind, proof_verdict, asset,
        coalesce(list(label order by label) filter (label is not null), []) as labels,
        -- one that is not known leaves the sum unknown
        case when asset is not null and count(*) = count(owed) then {{ total('owed') }} end as owed,
        asset is not null and bool_and(coalesce(is_shown, false)) as is_shown
    from labelled
    group by attestation, exchange, report, proof_scheme, proof_kind, proof_verdict, asset
),
told as (
    select *, proof_verdict = 'holds' and proof_kind in ('tree', 'snark', 'stark') and is_shown and owed is not null as is_proven
    from added
)
select *,
    is_proven and row_number() over (
        of_one_asset order by case proof_kind when 'tree' then 1 when 'snark' then 2 else 3 end, owed desc, proof_scheme, report
    ) = 1 as is_counted,
    is_proven and min(owed) over of_one_asset <> max(owed) over of_one_asset as contradicted
from told
window of_one_asset as (partition by attestation, asset, is_proven)
