-- who told the balances: networks and accounts by the host that answered
select attestation, source as host, count(distinct network) as networks, count(*) as balances, count(*) filter (as_of = 'exact') as exact
from stg_reading
where component = 'total' and not is_of_other_moment and attestation = getvariable('attestation')
group by attestation, source
order by balances desc, host
