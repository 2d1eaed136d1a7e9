-- Joins know a file by a number: no two files have one.
select {{ file_number('r') }} as number, list(r.attestation || ' ' || r.report) as files
from (select distinct attestation, report from {{ ref('stg_report') }}) r
group by number
having count(*) > 1
