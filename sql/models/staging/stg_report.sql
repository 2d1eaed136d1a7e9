-- A published report; `is_newest` where it is the last edition of its statement: by revision, then by first retrieval, then by id, so that of each
-- attestation, content and statement exactly one is.
select *, row_number() over (partition by attestation, content, statement order by revision desc, retrieved_at desc, report desc) = 1 as is_newest
from {{ source('lake', 'report_file') }}
