-- What a file states anew or otherwise than another. One row an attestation, report, kind, what it states, asset and the report that it is compared with:
-- against the edition of the same statement before it (`revision`); against the statement that counts, where another source states the same asset
-- (`statement`); or against the attestation for which the very same bytes were published (`repeat`; one row, without an asset).
with revisions as (
    select attestation, exchange, report, content, statement, revision, retrieved_at,
        lag(report) over of_one_statement as base_report,
        lag(revision) over of_one_statement as base_revision
    from {{ ref('stg_report') }}
    window of_one_statement as (partition by attestation, content, statement order by revision, retrieved_at, report)
),
compared as (
    select * from revisions where base_report is not null and base_report <> report
),
touched as (
    -- the files that were compared, each once
    select exchange, report from compared
    union
    select exchange, base_report as report from compared
),
rows_of as (
    select c.report, c.network, c.asset, c.address, min(c.amount) as amount
    from {{ source('lake', 'claim') }} c
    semi join touched t on t.exchange = c.exchange and t.report = c.report
    group by all
),
statements as (
    -- what one file says: of addresses, of totals, of what is owed
    select report, 'claims' as what, asset, network || ' ' || address as place, amount from rows_of
    union all
    select t.report, 'totals' as what, t.asset, t.label as place, min(coalesce(t.amount, try(t.own_amount + t.custody_amount), t.own_amount, t.custody_amount)) as amount
    from {{ source('lake', 'published_total') }} t
    semi join touched x on x.exchange = t.exchange and x.report = t.report
    where t.asset is not null
    group by all
    union all
    select l.report, 'liabilities' as what, l.asset, l.label as place, max(l.owed) as amount
    from {{ source('lake', 'liability') }} l
    semi join touched x on x.exchange = l.exchange and x.report = l.report
    group by all
),
lines as (
    select c.attestation, c.report, s.what, s.asset, s.place, s.amount as amount_after, null::decimal(38, 0) as amount_before, 1 as after, 0 as before
    from compared c join statements s on s.report = c.report
    union all
    select c.attestation, c.report, s.what, s.asset, s.place, null, s.amount, 0, 1
    from compared c join statements s on s.report = c.base_report
),
paired as (
    select attestation, report, what, asset, place,
        sum(after) as after, sum(before) as before, max(amount_after) as amount_after, max(amount_before) as amount_before
    from lines
    group by all
),
changed as (
    select attestation, report, what, asset,
        sum(after)::bigint as rows_after,
        sum(before)::bigint as rows_before,
        count(*) filter (before = 0) as rows_added,
        count(*) filter (after = 0) as rows_dropped,
        count(*) filter (after = 1 and before = 1 and amount_after is distinct from amount_before) as rows_changed,
        {{ total('amount_after') }} as amount_after,
        {{ total('amount_before') }} as amount_before,
        -- a sum of more than 38 digits is not told, and nothing is compared with it
        count(amount_after) = 0 or {{ total('amount_after') }} is not null as is_summed_after,
        count(amount_before) = 0 or {{ total('amount_before') }} is not null as is_summed_before
    from paired
    group by all
),
restated as (
    select r.attestation, r.report, 'revision' as kind, r.statement, r.statement as base_statement, r.revision, r.base_report, r.base_revision,
        null::varchar as base_attestation,
        c.* exclude (attestation, report, is_summed_after, is_summed_before),
        case when c.is_summed_after and c.is_summed_before then coalesce(c.amount_after, 0) - coalesce(c.amount_before, 0) end::decimal(38, 0) as amount_change
    from compared r
    join changed c using (attestation, report)
    union all by name
    select o.attestation, o.report, 'statement' as kind, o.source as statement, n.source as base_statement, n.report as base_report,
        case o.what when 'reserves' then 'totals' else o.what end as what, o.asset,
        1 as rows_after, 1 as rows_before, 0 as rows_added, 0 as rows_dropped, (o.amount is distinct from n.amount)::bigint as rows_changed,
        o.amount as amount_after, n.amount as amount_before, (o.amount - n.amount)::decimal(38, 0) as amount_change
    from {{ ref('core_statement') }} o
    join {{ ref('core_statement') }} n on n.attestation = o.attestation and n.what = o.what and n.asset = o.asset and n.is_counted
    where not o.is_counted and o.what in ('reserves', 'liabilities')
    union all by name
    select attestation, report, 'repeat' as kind, report as base_report, repeats as base_attestation, 'file' as what
    from {{ ref('core_attestation') }}
    where repeats is not null
)
select r.attestation, a.exchange, a.snapshot_at, a.is_latest, r.report, lake.build_id() as build_id,
    r.kind, r.what, r.asset, r.statement, r.base_statement, r.revision, r.base_revision, r.base_report, r.base_attestation,
    r.rows_before, r.rows_after, r.rows_added, r.rows_dropped, r.rows_changed, r.amount_before, r.amount_after,
    r.amount_change,
    {{ units('r.amount_change', 's.scale') }} as units_change,
    r.kind = 'repeat' or (r.rows_added = 0 and r.rows_dropped = 0 and r.rows_changed = 0) as is_identical
from restated r
join {{ ref('core_attestation') }} a on a.attestation = r.attestation
left join {{ source('registry', 'assets') }} s using (asset)
