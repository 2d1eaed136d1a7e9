-- A published file; `is_newest` where it is the last revision of its attestation, content and format.
select *, revision = max(revision) over (partition by attestation, content, format) as is_newest
from {{ source('lake', 'report_file') }}
