-- A file's summary against the sum of its own rows, as published: nothing is counted once here. One row a report, member and summary line, and one for each
-- label whose rows no line sums up. A line is compared with the rows of its label (without case, dashes and the order of words), else with the rows
-- of the one label left over on the same network and asset, else, for a group without lines of its own, with the rows of its asset. A line of which
-- something was refused, itself or what it adds up, is not said to differ. `under_other_label`: a line without rows and a label without a line that agree in
-- network, height and amount, and are alone in that, are told together; no row is moved. A part that a totals file prints has no rows and no line here;
-- a group there is compared with its parts.
with lines as (
    select t.*, s.scale, {{ folded('t.label') }} as folded, coalesce(t.content = 'totals', false) and t.level = 'part' as has_no_rows
    from {{ ref('stg_published_total') }} t
    join {{ source('registry', 'assets') }} s using (asset)
    where t.level in ('group', 'part') and t.content is distinct from 'totals'
),
by_label_as_written as (
    -- validators that count beside the wallets are in the total printed above those
    select attestation, report, case when is_validator then 0 else member end as member, asset, network, label, amount, amounts, rows, digits, lowest, highest
    from {{ ref('core_label_sum') }}
    union all
    -- and all of them in the total of their own file
    select attestation, report, member, asset, network, label, {{ total('amount') }} as amount, count(amount) as amounts, count(*) as rows,
        max(printed_decimals) as digits, min(coalesce(snapshot_height, -1)) as lowest, max(coalesce(snapshot_height, -1)) as highest
    from {{ ref('stg_validator') }}
    group by attestation, report, member, asset, network, label
),
by_label as (
    -- a label may stand on several networks (OKX's files of twelve columns): `label_of` tells its parts apart
    select attestation, report, member, asset, network, {{ folded('label') }} as folded, min(label) as label,
        {'folded': {{ folded('label') }}, 'network': network, 'asset': asset} as label_of,
        -- null beside `amounts`: more than 38 digits
        case when count(amount) = count(*) filter (amounts > 0) then {{ total('amount') }} end as amount, sum(amounts)::bigint as amounts,
        sum(rows)::bigint as rows, max(digits) as digits, min(lowest) as lowest, max(highest) as highest
    from by_label_as_written
    group by attestation, report, member, asset, network, folded, label_of
),
parts as (
    -- a line and the group line above it
    select *, max(case when level = 'group' then source_row end) over (partition by attestation, report, member order by source_row) as group_row from lines
),
rescaled as (
    -- parts may have another scale than their group: jsTRX stands below TRX
    select g.attestation, g.report, g.member, g.source_row, p.amount is not null as has_amount, p.printed_decimals,
        {{ rescaled('p.amount', 'p.scale', 'g.scale') }} as amount
    from lines g
    join parts p on p.attestation = g.attestation and p.report = g.report and p.member = g.member and p.level = 'part' and p.group_row = g.source_row
    where g.level = 'group'
),
by_group as (
    select attestation, report, member, source_row,
        case when count(amount) = count(*) filter (has_amount) then {{ total('amount') }} end as amount,
        count(*) filter (has_amount) as amounts, count(*) as rows, max(printed_decimals) as digits
    from rescaled
    group by attestation, report, member, source_row
),
same_label as (
    select l.attestation, l.report, l.member, l.source_row, b.label_of, 'label' as matched_by
    from lines l
    join by_label b using (attestation, report, member, folded)
),
same_asset as (
    select l.attestation, l.report, l.member, l.source_row, b.label_of, 'network_and_asset' as matched_by
    from lines l
    join by_label b on b.attestation = l.attestation and b.report = l.report and b.member = l.member and b.network = l.network and b.asset = l.asset
    where l.level = 'part'
        and not exists (
            select 1 from same_label x
            where x.attestation = l.attestation and x.report = l.report and x.member = l.member
                and (x.source_row = l.source_row or x.label_of = b.label_of)
        )
    qualify count(*) over (partition by l.attestation, l.report, l.member, l.source_row) = 1
        and count(*) over (partition by b.attestation, b.report, b.member, b.label_of) = 1
),
whole_asset as (
    select l.attestation, l.report, l.member, l.source_row, b.label_of, 'asset' as matched_by
    from lines l
    join by_label b on b.attestation = l.attestation and b.report = l.report and b.member = l.member and b.asset = l.asset
    where l.level = 'group'
        and not exists (
            select 1 from by_group g
            where g.attestation = l.attestation and g.report = l.report and g.member = l.member and g.source_row = l.source_row
        )
        and not exists (
            select 1 from same_label x
            where x.attestation = l.attestation and x.report = l.report and x.member = l.member
                and (x.source_row = l.source_row or x.label_of = b.label_of)
        )
        and not exists (
            select 1 from same_asset x
            where x.attestation = l.attestation and x.report = l.report and x.member = l.member and x.label_of = b.label_of
        )
),
matched as (
    select * from same_label
    union all
    select * from same_asset
    union all
    select * from whole_asset
),
by_rows as (
    select m.attestation, m.report, m.member, m.source_row, min(m.matched_by) as matched_by,
        case when count(b.amount) = count(*) filter (b.amounts > 0) then {{ total('b.amount') }} end as amount, sum(b.amounts)::bigint as amounts,
        sum(b.rows)::bigint as rows, max(b.digits) as digits, count(distinct b.network) as networks
    from matched m
    join by_label b on b.attestation = m.attestation and b.report = m.report and b.member = m.member and b.label_of = m.label_of
    group by m.attestation, m.report, m.member, m.source_row
),
refused as (
    -- rows and lines that were refused, each with what it tells of itself
    select attestation, report, member, source_row, block, asset, label, {{ folded('label') }} as folded, string_split({{ folded('label') }}, '_') as words
    from {{ ref('stg_rejection') }}
    where content not in ('address_list', 'totals')
),
placed as (
    -- lines and refused lines in the order of the file, each with the group line above it
    select *, max(case when level = 'group' then source_row end) over (partition by attestation, report, member order by source_row) as group_row
    from (
        select attestation, report, member, source_row, level, false as is_refused from lines
        union all
        select attestation, report, member, source_row, 'part' as level, true as is_refused from refused where block = 'summary'
    )
),
unread as (
    -- refused lines below a group line
    select attestation, report, member, group_row as source_row, count(*) as lines
    from placed
    where is_refused and group_row is not null
    group by attestation, report, member, group_row
),
missing as (
    -- refused rows that may belong to a line: of its label, else of its asset, named or a word of the label
    select l.attestation, l.report, l.member, l.source_row, count(*) as rows
    from lines l
    join refused x on x.attestation = l.attestation and x.report = l.report and x.member = l.member and x.block = 'rows'
        and (x.folded = l.folded or x.asset = l.asset or (x.asset is null and list_contains(x.words, upper(l.asset))))
    group by l.attestation, l.report, l.member, l.source_row
),
unsummed as (
    -- labels that no line sums up, over their networks
    select attestation, report, member, asset, min(b.label) as label,
        case when count(b.amount) = count(*) filter (b.amounts > 0) then {{ total('b.amount') }} end as amount, sum(b.amounts)::bigint as amounts,
        sum(b.rows)::bigint as rows,
        case when min(b.network) = max(b.network) then min(b.network) end as network,
        case when min(b.lowest) = max(b.highest) then nullif(min(b.lowest), -1) end as height
    from by_label b
    anti join matched using (attestation, report, member, label_of)
    semi join lines using (attestation, report, member)
    group by attestation, report, member, asset, b.folded
),
compared as (
    select l.attestation, l.report, l.member, l.source_row, l.label, l.level, l.asset, l.scale, l.amount as printed, l.printed_decimals as digits_printed,
        case when g.rows is not null then g.amount else r.amount end as summed,
        coalesce(g.amounts, r.amounts, 0) as amounts,
        coalesce(g.rows, r.rows, 0) as rows,
        case when g.rows is not null then g.digits else r.digits end as digits_summed,
        case when g.rows is not null then 1 else r.networks end as networks,
        case when g.rows is not null then 'lines' else r.matched_by end as matched_by,
        -- what is missing from the sum: lines where it is of lines, else rows
        case when g.rows is not null or r.rows is null then coalesce(u.lines, 0) else 0 end as unread_lines,
        case when g.rows is null then coalesce(x.rows, 0) else 0 end as rows_refused,
        l.network, l.snapshot_height as height, l.has_no_rows
    from lines l
    left join by_group g using (attestation, report, member, source_row)
    left join by_rows r using (attestation, report, member, source_row)
    left join unread u using (attestation, report, member, source_row)
    left join missing x using (attestation, report, member, source_row)
    union all by name
    select x.attestation, x.report, x.member, x.source_row, coalesce(x.label, '') as label, 'part' as level, s.asset, s.scale, 0 as amounts, 0 as rows,
        1 as unread_lines, 0 as rows_refused
    from refused x
    left join {{ source('registry', 'assets') }} s using (asset)
    where x.block = 'summary'
    union all by name
    select b.attestation, b.report, b.member, null as source_row, b.label, 'part' as level, b.asset, s.scale, b.amount as summed, b.amounts, b.rows,
        0 as unread_lines, 0 as rows_refused, b.network, b.height
    from unsummed b
    join {{ source('registry', 'assets') }} s using (asset)
),
measured as (
    select *, (summed - printed)::decimal(38, 0) as difference,
        -- rounded or cut off: every row may be off by a unit of the last digit that its label shows, and the line by one of its own for each network
        -- that it adds up (BitMEX cuts the sum of each)
        try({{ last_digit('scale', 'digits_summed') }} * rows + {{ last_digit('scale', 'digits_printed') }} * greatest(coalesce(networks, 1), 1)) as rounding
    from compared
),
judged as (
    select c.*,
        case
            when c.printed is null and c.unread_lines > 0 then 'unread_lines'
            when c.printed is null then 'no_total'
            when c.summed is null and c.amounts > 0 then 'too_large'
            when c.summed = c.printed then 'equal'
            when abs(c.difference) < c.rounding then 'rounding'
            when c.unread_lines > 0 or c.rows_refused > 0 then 'unread_lines'
            when c.summed is null then 'no_rows'
            else 'differs'
        end as status
    from measured c
),
pairs as (
    select l.attestation, l.report, l.member, l.source_row, l.label as line, l.asset as line_asset, r.label, r.asset
    from judged l
    join judged r on r.attestation = l.attestation and r.report = l.report and r.member = l.member and r.network = l.network and r.height = l.height
        -- exact between scales: one way or the other nothing is rounded
        and r.summed = {{ rescaled('l.printed', 'l.scale', 'r.scale') }} and l.printed = {{ rescaled('r.summed', 'r.scale', 'l.scale') }}
    where l.printed > 0 and l.summed is null and l.amounts = 0 and r.source_row is null
    qualify count(*) over (partition by l.attestation, l.report, l.member, l.source_row) = 1
        and count(*) over (partition by l.attestation, l.report, l.member, r.label, r.asset) = 1
),
paired as (
    select attestation, report, member, source_row, line as label, line_asset as asset, label as under_other_label from pairs
    union all
    select attestation, report, member, null as source_row, label, asset, line as under_other_label from pairs
)
select c.attestation, a.exchange, a.snapshot_at, a.is_latest, c.report, lake.build_id() as build_id,
    c.member, c.source_row, c.label, c.level, c.asset, c.printed, c.summed, c.rows, c.matched_by,
    c.difference,
    {{ units('c.printed', 'c.scale') }} as printed_units,
    {{ units('c.summed', 'c.scale') }} as summed_units,
    {{ units('c.difference', 'c.scale') }} as difference_units,
    c.status,
    c.unread_lines::bigint as unread_lines, c.rows_refused::bigint as rows_refused,
    p.under_other_label
from judged c
join {{ ref('core_attestation') }} a on a.attestation = c.attestation and a.observed_at is null   -- a list that was observed has no sums
left join paired p on p.attestation = c.attestation and p.report = c.report and p.member = c.member and p.label = c.label and p.asset = c.asset and p.source_row is not distinct from c.source_row
where c.has_no_rows is distinct from true
