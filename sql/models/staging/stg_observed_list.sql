-- A list of addresses that porlake observed on the chains, of newest observations; it counts where the exchange itself claims nothing at addresses for
-- that day. Who states the list, and how old it was at the moment.
select r.attestation, r.exchange, r.report, r.snapshot_at as observed_at, l.list, l.list_stated_by, l.list_day,
    {{ age_in_days('l.list_day', 'r.snapshot_day') }} as list_age_days, l.accounts, l.rows_refused
from {{ ref('stg_report') }} r
join {{ source('lake', 'observed_list') }} l using (exchange, report)
where r.is_newest and r.content = 'observed_list' and {{ is_current_attestation('r') }}
    and not exists (
        select 1 from {{ ref('stg_report') }} a where a.attestation = r.attestation and a.is_newest and a.content in ('addresses', 'ownership_only')
    )
