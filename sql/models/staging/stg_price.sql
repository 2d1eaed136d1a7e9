-- US dollars for one unit of an asset at a snapshot, by source; without a price the reason.
select * from {{ source('lake', 'price') }}
