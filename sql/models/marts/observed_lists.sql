-- How complete an observation of a list of addresses is, and how old its list. One row an attestation and network. Nothing of an exchange's is known to be
-- whole: what stands on no list is not seen.
select {{ about('a') }}, n.network, l.report as observation, l.observed_at, n.accounts, n.accounts_read, n.accounts - n.accounts_read as accounts_not_read,
    n.holdings, n.holdings_exact, n.holdings_near, n.holdings_not_read, n.reasons as not_read_because,
    l.list, l.list_stated_by, l.list_day, l.list_age_days, l.accounts as list_accounts, l.rows_refused as list_rows_refused
from {{ ref('core_list_network') }} n
join {{ ref('stg_observed_list') }} l using (attestation)
join {{ ref('core_attestation') }} a using (attestation)
