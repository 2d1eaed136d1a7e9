-- A published file; `is_newest` where it is the last revision of its attestation, content and format. `statement` numbers the files of this build.
select *,
    revision = max(revision) over (partition by attestation, content, format) as is_newest,
    row_number() over (order by attestation, report) as statement
from {{ source('lake', 'report_file') }}
