-- how much of a list of addresses was read
select attestation, network, accounts, accounts_read as read, accounts_not_read as not_read, holdings_exact as exact, holdings_near as near,
    holdings_not_read as holdings_not_read, not_read_because as why, list_stated_by as stated_by, list_age_days as age_days
from observed_lists
where list_contains($attestations, attestation) or (len($attestations) = 0 and is_latest)
order by attestation, accounts_read = 0, network
