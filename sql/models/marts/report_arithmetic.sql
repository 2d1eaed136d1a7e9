-- A file's summary against the sum of its own rows, as published: nothing is counted once here. One row a report, member and summary line, and one for each
-- label whose rows no line sums up. A line is compared with the rows of its label (without case, dashes and the order of words), else with the rows
-- of the one label left over on the same network and asset, else, for a group without lines of its own, with the rows of its asset.
with lines as (
    select t.*, s.scale, {{ folded('t.label') }} as folded
    from {{ ref('stg_published_total') }} t
    join {{ source('registry', 'assets') }} s using (asset)
    where t.level in ('group', 'part')
),
by_label_as_written as (
    select attestation, report, member, asset, network, label, sum(amount)::decimal(38, 0) as amount, count(*) as rows, max(printed_decimals) as digits
    from {{ ref('stg_claim') }}
    group by attestation, report, member, asset, network, label
),
by_label as (
    select attestation, report, member, asset, network, {{ folded('label') }} as folded, min(label) as label,
        sum(amount)::decimal(38, 0) as amount, sum(rows)::bigint as rows, max(digits) as digits
    from by_label_as_written
    group by attestation, report, member, asset, network, folded
),
parts as (
    -- a line and the group line above it
    select p.*, max(case when level = 'group' then source_row end) over (partition by attestation, report, member order by source_row) as group_row from lines p
),
by_group as (
    -- parts may have another scale than their group: jsTRX stands below TRX
    select g.attestation, g.report, g.member, g.source_row, sum({{ rescaled('p.amount', 'p.scale', 'g.scale') }})::decimal(38, 0) as amount, count(*) as rows,
        max(p.printed_decimals) as digits
    from lines g
    join parts p on p.attestation = g.attestation and p.report = g.report and p.member = g.member and p.level = 'part' and p.group_row = g.source_row
    where g.level = 'group'
    group by g.attestation, g.report, g.member, g.source_row
),
same_label as (
    select l.attestation, l.report, l.member, l.source_row, b.folded as rows_of, 'label' as matched_by
    from lines l
    join by_label b using (attestation, report, member, folded)
),
same_asset as (
    select l.attestation, l.report, l.member, l.source_row, b.folded as rows_of, 'network_and_asset' as matched_by
    from lines l
    join by_label b on b.attestation = l.attestation and b.report = l.report and b.member = l.member and b.network = l.network and b.asset = l.asset
    where l.level = 'part'
        and not exists (select 1 from same_label x where x.attestation = l.attestation and x.report = l.report and x.member = l.member and (x.source_row = l.source_row or x.rows_of = b.folded))
    qualify count(*) over (partition by l.attestation, l.report, l.member, l.source_row) = 1 and count(*) over (partition by b.attestation, b.report, b.member, b.folded) = 1
),
whole_asset as (
    select l.attestation, l.report, l.member, l.source_row, b.folded as rows_of, 'asset' as matched_by
    from lines l
    join by_label b on b.attestation = l.attestation and b.report = l.report and b.member = l.member and b.asset = l.asset
    where l.level = 'group'
        and not exists (select 1 from by_group g where g.attestation = l.attestation and g.report = l.report and g.member = l.member and g.source_row = l.source_row)
        and not exists (select 1 from same_label x where x.attestation = l.attestation and x.report = l.report and x.member = l.member and (x.source_row = l.source_row or x.rows_of = b.folded))
        and not exists (select 1 from same_asset x where x.attestation = l.attestation and x.report = l.report and x.member = l.member and x.rows_of = b.folded)
),
matched as (
    select * from same_label
    union all
    select * from same_asset
    union all
    select * from whole_asset
),
by_rows as (
    select m.attestation, m.report, m.member, m.source_row, any_value(m.matched_by) as matched_by,
        sum(b.amount)::decimal(38, 0) as amount, sum(b.rows)::bigint as rows, max(b.digits) as digits
    from matched m
    join by_label b on b.attestation = m.attestation and b.report = m.report and b.member = m.member and b.folded = m.rows_of
    group by m.attestation, m.report, m.member, m.source_row
),
compared as (
    select l.attestation, l.report, l.member, l.source_row, l.label, l.level, l.asset, l.scale, l.amount as printed, l.printed_decimals as digits_printed,
        coalesce(g.amount, r.amount) as summed,
        coalesce(g.rows, r.rows, 0) as rows,
        case when g.rows is not null then g.digits else r.digits end as digits_summed,
        case when g.rows is not null then 'lines' else r.matched_by end as matched_by
    from lines l
    left join by_group g using (attestation, report, member, source_row)
    left join by_rows r using (attestation, report, member, source_row)
    union all by name
    select b.attestation, b.report, b.member, null as source_row, b.label, 'part' as level, b.asset, s.scale, null as printed, b.amount as summed, b.rows
    from by_label b
    join {{ source('registry', 'assets') }} s using (asset)
    where not exists (select 1 from matched m where m.attestation = b.attestation and m.report = b.report and m.member = b.member and m.rows_of = b.folded)
        and exists (select 1 from lines l where l.attestation = b.attestation and l.report = b.report and l.member = b.member)
)
select c.attestation, a.exchange, a.snapshot_at, a.is_latest, c.report, '{{ var("build_id") }}' as build_id,
    c.member, c.source_row, c.label, c.level, c.asset, c.printed, c.summed, c.rows, c.matched_by,
    (c.summed - c.printed)::decimal(38, 0) as difference,
    {{ units('c.printed', 'c.scale') }} as printed_units,
    {{ units('c.summed', 'c.scale') }} as summed_units,
    {{ units('(c.summed - c.printed)::decimal(38, 0)', 'c.scale') }} as difference_units,
    case
        when c.printed is null then 'no_total'
        when c.summed is null then 'no_rows'
        when c.summed = c.printed then 'equal'
        -- rounded or cut off: every row may be off by a unit of the last digit that its label shows, and the line by one of its own
        when abs(c.summed - c.printed) < {{ last_digit('c.scale', 'c.digits_summed') }} * c.rows + {{ last_digit('c.scale', 'c.digits_printed') }}
            then 'rounding'
        else 'differs'
    end as status
from compared c
join {{ ref('core_attestation') }} a using (attestation)
