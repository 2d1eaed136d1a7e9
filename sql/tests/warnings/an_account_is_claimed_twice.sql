-- Two exchanges claim one account at the same time, or an exchange claims what is known to back something else.
{{ config(severity='warn') }}

select network, address, exchange, against_kind, against, attestation, usd from {{ ref('address_collisions') }} where at_the_same_time and with_amounts
