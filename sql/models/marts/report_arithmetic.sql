-- A file's summary against the sum of its own rows, as published: nothing is counted once here. One row a report and summary line, and one for each
-- label whose rows no line sums up. Labels are compared without case, dashes and the order of their words.
with lines as (
    select *, {{ folded('label') }} as folded from {{ ref('stg_published_total') }} where level in ('group', 'part') and asset is not null
),
by_label as (
    select attestation, report, asset, {{ folded('label') }} as folded, any_value(label) as label,
        sum(amount)::decimal(38, 0) as amount, count(*) as rows, max(printed_decimals) as printed_decimals
    from {{ ref('stg_claim') }}
    group by attestation, report, asset, folded
),
by_group as (
    -- what the lines below a group line up to the next one add up to
    select g.report, g.source_row, sum(p.amount)::decimal(38, 0) as amount, count(*) as rows, max(p.printed_decimals) as printed_decimals
    from lines g
    join lines p on p.report = g.report and p.level = 'part' and p.source_row > g.source_row
        and not exists (
            select 1 from lines n where n.report = g.report and n.level = 'group' and n.source_row > g.source_row and n.source_row <= p.source_row
        )
    where g.level = 'group'
    group by g.report, g.source_row
),
compared as (
    select l.attestation, l.report, l.source_row, l.label, l.level, l.asset, l.amount as printed, l.printed_decimals,
        -- a group without lines of its own sums the rows of its label
        coalesce(g.amount, b.amount) as summed, coalesce(g.rows, b.rows, 0) as rows
    from lines l
    left join by_group g on g.report = l.report and g.source_row = l.source_row
    left join by_label b on b.report = l.report and b.folded = l.folded
    union all by name
    select b.attestation, b.report, null as source_row, b.label, 'part' as level, b.asset, null as printed, b.printed_decimals, b.amount as summed, b.rows
    from by_label b
    where not exists (select 1 from lines l where l.report = b.report and l.folded = b.folded)
        and exists (select 1 from lines l where l.report = b.report)
)
select c.attestation, a.exchange, a.snapshot_at, a.is_latest, c.report, '{{ var("build_id") }}' as build_id,
    c.source_row, c.label, c.level, c.asset, c.printed, c.summed, c.rows,
    (c.summed - c.printed)::decimal(38, 0) as difference,
    case
        when c.printed is null then 'no_total'
        when c.summed is null then 'no_rows'
        when c.summed = c.printed then 'equal'
        -- each row may be off by half of its last digit, and the total by as much
        when abs(c.summed - c.printed) < ('1' || repeat('0', greatest(s.scale - c.printed_decimals, 0)))::decimal(38, 0) * (c.rows + 1) then 'rounding'
        else 'differs'
    end as status
from compared c
join {{ ref('core_attestation') }} a using (attestation)
join {{ source('registry', 'assets') }} s using (asset)
