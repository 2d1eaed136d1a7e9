"""What is said of a row. The verdicts, with what each needs:

proven          the signature holds, and the address is derived from its key, or from a script of which the threshold of
                distinct keys signed
owner_signed    the stated owners of the account signed; that they own it is for the chain to say
signature_only  the signature holds, and nothing binds its key to the address
unsigned        there is no signature (an address is only compared with a script that is shown beside it)
invalid         there is a signature, and it is not that of this address, these owners or these script keys over this
                message
malformed       the address, the signature, the key, the script, an owner, the message or the row itself is not what it
                should be
unsupported     there is no rule here for this scheme or form, or its label is unknown here; the reason names it

The reason of a malformed row begins with the column that is meant: address_bad_checksum, signature_bad_length,
key_bad_hex, script_bad_hex, owner_bad_form, message_bad_text; no_signature1, no_message, no_key and the like say which
column is empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["proven", "owner_signed", "signature_only", "unsigned", "invalid", "malformed", "unsupported"]

MEANINGS: dict[str, str] = {
    verdict: " ".join(meaning.split())
    for verdict, meaning in re.findall(r"(?m)^([a-z_]+) {2,}(\S.*(?:\n {4,}\S.*)*)", __doc__ or "")
}
"""What each verdict means, as told above."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the signatures of a row say by themselves.

    `reason` and `flags` are machine-readable; flags do not change the verdict. `signer`: the account, the owners or
    (multisig, also where they are too few) the compressed public keys of the script that signed, joined by commas in
    the order of their columns; None where no signature holds, because any 65 bytes recover some key. `binds`: what the
    message names of `exchange`, `date` and `address`.

    Flags of a multisig row: multisig_2_of_3; signature1_by_stranger, _by_nobody, _unreadable or _header_of_other_type
    for a signature that counts for nothing; script_repeats_key, same_key_twice.
    """

    verdict: Verdict
    reason: str
    flags: tuple[str, ...] = ()
    signer: str | None = None
    binds: tuple[str, ...] = ()
