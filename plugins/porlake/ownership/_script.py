"""Whether an input of a Bitcoin transaction may spend its output: BIP-16, 65, 66, 112, 141, 147, 341 and 342, with
Core's policy on top.

A small machine with the opcodes that custody scripts (P2PKH, multisig, what miniscript writes) are made of. It is
stricter than consensus: only SIGHASH_ALL, strict DER, low S, compressed keys in witnesses, a failing signature must be
empty, numbers and pushes in their shortest form, one true element left. An opcode without a rule here stops it.
https://github.com/bitcoin/bips
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from coincurve import PublicKey, PublicKeyXOnly

from porlake.encoding import hashes
from porlake.encoding.script import MOST_BYTES, MOST_KEYS, MOST_PUSHED
from porlake.encoding.transaction import ALL, DEFAULT, FINAL, Output, Transaction, tagged
from porlake.encoding.varint import with_length
from porlake.errors import NoKey, NoRule
from porlake.ownership._secp256k1 import HALF_ORDER
from porlake.ownership._steps import step

LEGACY, SEGWIT, TAPSCRIPT = "legacy", "segwit", "tapscript"
TAPSCRIPT_LEAF, ANNEX = 0xC0, 0x50
MOST_OPERATIONS = 201
LOCKTIME_THRESHOLD = 500_000_000
SEQUENCE_OFF, SEQUENCE_SECONDS = 1 << 31, 1 << 22
TRUE, FALSE = b"\x01", b""


@dataclass(frozen=True, slots=True)
class Spent:
    """How an output was spent: `form`; the `script` that asked for signatures; the `keys` in it that gave one; whether
    a lock was checked.
    """

    form: str
    script: bytes
    keys: tuple[bytes, ...]
    is_time_locked: bool


def spend(transaction: Transaction, index: int, outputs: tuple[Output, ...]) -> Spent:
    """Raises NoKey (the code says why) where the input may not spend its output, NoRule for what has no rule here."""
    spent, script = transaction.inputs[index], outputs[index].script
    step("script", script)
    if _is_witness_program(script):
        if spent.script:
            raise NoKey("bad_signature", "an input of a witness program has a script of its own")
        return _witness(transaction, index, outputs, script, "")
    stack = _pushes(spent.script)
    if len(script) == 23 and script[:2] == b"\xa9\x14" and script[22] == 0x87:
        redeem = stack.pop() if stack else b""
        if hashes.hash160(redeem) != script[2:22]:
            raise NoKey("script_mismatch", "the redeem script is not that of the address")
        if len(redeem) > MOST_PUSHED:
            raise NoRule(
                f"p2sh_script_over_{MOST_PUSHED}_bytes",
                f"a redeem script of {len(redeem)} bytes cannot be pushed: nobody can spend by it",
            )
        step("script", redeem)
        if _is_witness_program(redeem) and redeem[0] == 0:
            if stack or spent.script != with_length(redeem):
                raise NoKey("bad_signature", "the input of a nested program holds more than its push")
            return _witness(transaction, index, outputs, redeem, "p2sh-")
        form, script = "p2sh", redeem
    elif len(script) == 25 and script[:3] == b"\x76\xa9\x14":
        form = "compressed" if stack and len(stack[-1]) == 33 else "uncompressed"
        if not stack or hashes.hash160(stack[-1]) != script[3:23]:
            raise NoKey("address_mismatch", "the key is not that of the address")
    else:
        raise NoRule("bare_script", "an output that is neither a key's hash, a script's hash nor a witness program")
    if spent.witness:
        raise NoKey("bad_signature", "a witness where none is due")
    return _run(_Machine(transaction, index, outputs, script, LEGACY, stack), form)


def _is_witness_program(script: bytes) -> bool:
    return 4 <= len(script) <= 42 and (script[0] == 0 or 0x51 <= script[0] <= 0x60) and script[1] == len(script) - 2


def _witness(transaction: Transaction, index: int, outputs: tuple[Output, ...], program: bytes, nested: str) -> Spent:
    stack, version, digest = list(transaction.inputs[index].witness), program[0], program[2:]
    if version == 0 and len(digest) == 20:
        if len(stack) != 2:
            raise NoKey("bad_signature", f"a witness of {len(stack)} elements; a signature and a key are due")
        if hashes.hash160(stack[1]) != digest:
            raise NoKey("address_mismatch", "the key is not that of the address")
        script = b"\x76\xa9\x14" + digest + b"\x88\xac"
        return _run(_Machine(transaction, index, outputs, script, SEGWIT, stack), f"{nested}p2wpkh")
    if version == 0 and len(digest) == 32:
        script = stack.pop() if stack else b""
        if hashes.sha256(script) != digest:
            raise NoKey("script_mismatch", "the witness script is not that of the address")
        step("script", script)
        return _run(_Machine(transaction, index, outputs, script, SEGWIT, stack), f"{nested}p2wsh")
    if version == 0x51 and len(digest) == 32 and not nested:
        return _taproot(transaction, index, outputs, digest, stack)
    raise NoRule(f"witness_v{version - 0x50 if version else 0}", "a witness version without rules")


def _taproot(
    transaction: Transaction, index: int, outputs: tuple[Output, ...], output_key: bytes, stack: list[bytes]
) -> Spent:
    if len(stack) > 1 and stack[-1][:1] == bytes([ANNEX]):
        raise NoRule("annex", "a witness with an annex")
    if not stack:
        raise NoKey("bad_signature", "an empty witness")
    if len(stack) == 1:
        kind, signature = _schnorr_parts(stack[0])
        if not _schnorr(output_key, signature, transaction.taproot_digest(index, outputs, kind)):
            raise NoKey("bad_signature", "the signature is not that of the output key")
        return Spent("p2tr-key", b"", (output_key,), False)
    control, script = stack.pop(), stack.pop()
    if not 33 <= len(control) <= 33 + 32 * 128 or (len(control) - 33) % 32:
        raise NoKey("script_mismatch", f"a control block of {len(control)} bytes")
    leaf = tagged("TapLeaf", bytes([control[0] & 0xFE]) + with_length(script))
    if not _commits(output_key, control, leaf):
        raise NoKey("script_mismatch", "the script is not one of the address")
    if control[0] & 0xFE != TAPSCRIPT_LEAF:
        raise NoRule(f"leaf_version_{control[0] & 0xFE:02x}", "a leaf version without rules")
    step("script", script)
    size = len(with_length(b"")) + sum(len(with_length(item)) for item in transaction.inputs[index].witness)
    return _run(_Machine(transaction, index, outputs, script, TAPSCRIPT, stack, leaf, budget=50 + size), "p2tr-script")


def _commits(output_key: bytes, control: bytes, leaf: bytes) -> bool:
    """Whether the output key is the internal key tweaked with the root of the tree that holds the leaf."""
    root = leaf
    for at in range(33, len(control), 32):
        root = tagged("TapBranch", b"".join(sorted((root, control[at : at + 32]))))
    try:
        key = PublicKeyXOnly(control[1:33])
        key.tweak_add(tagged("TapTweak", control[1:33] + root))
    except ValueError:
        return False
    return bool(key.format() == output_key and key.parity == bool(control[0] & 1))


def _run(machine: _Machine, form: str) -> Spent:
    machine.run()
    keys = tuple(
        dict.fromkeys(key for key in machine.signed if key in machine.script or hashes.hash160(key) in machine.script)
    )
    if not keys:
        raise NoKey("no_key_signed", "the script is satisfied without a signature of a key that stands in it")
    return Spent(form, machine.script, keys, machine.is_time_locked)


# --- signatures -------------------------------------------------------------------------------------------------------
def _schnorr_parts(signature: bytes) -> tuple[int, bytes]:
    """The signature hash type and the 64 bytes."""
    if len(signature) not in (64, 65):
        raise NoKey("bad_signature", f"a Schnorr signature of {len(signature)} bytes")
    kind = signature[64] if len(signature) == 65 else DEFAULT
    if len(signature) == 65 and kind != ALL:
        raise NoKey("signature_sighash_not_all", f"the signature commits to the parts that {kind:#04x} names")
    return kind, signature[:64]


def _schnorr(key: bytes, signature: bytes, digest: bytes) -> bool:
    step("digest", digest)
    step("signature", signature)
    step("stated key", key)
    try:
        return bool(PublicKeyXOnly(key).verify(signature, digest))
    except ValueError:
        return False


def _is_strict_der(signature: bytes) -> bool:
    """BIP-66, with the hash type cut off, and S in the lower half."""
    if not 8 <= len(signature) <= 72 or signature[0] != 0x30 or signature[1] != len(signature) - 2 or signature[2] != 2:
        return False
    size = signature[3]
    if size + 6 > len(signature) or signature[size + 4] != 2 or signature[size + 5] != len(signature) - size - 6:
        return False
    r, s = signature[4 : 4 + size], signature[size + 6 :]
    for number in (r, s):
        if not number or number[0] & 0x80 or (len(number) > 1 and number[0] == 0 and not number[1] & 0x80):
            return False
    return int.from_bytes(s, "big") <= HALF_ORDER


# --- the machine ------------------------------------------------------------------------------------------------------
def _steps(script: bytes) -> Iterator[tuple[int, bytes | None]]:
    """(opcode, what it pushes or None); a push must be in its shortest form."""
    at = 0
    while at < len(script):
        code, at = script[at], at + 1
        if code > 0x4E:
            yield code, bytes([code - 0x50]) if 0x51 <= code <= 0x60 else b"\x81" if code == 0x4F else None
            continue
        width = {0x4C: 1, 0x4D: 2, 0x4E: 4}.get(code, 0)
        size = int.from_bytes(script[at : at + width], "little") if width else code
        data = script[at + width : at + width + size]
        at += width + size
        if at > len(script):
            raise NoKey("bad_signature", "a push runs over the end of its script")
        if (size == 1 and (1 <= data[0] <= 16 or data[0] == 0x81)) or code != (
            size if size < 0x4C else 0x4C if size < 256 else 0x4D
        ):
            raise NoKey("bad_signature", "a push is not in its shortest form")
        yield code, data


def _pushes(script: bytes) -> list[bytes]:
    pushed = [data for _, data in _steps(script)]
    if any(data is None for data in pushed):
        raise NoKey("bad_signature", "the input's script does more than push")
    return [data for data in pushed if data is not None]


@dataclass(slots=True)
class _Machine:
    transaction: Transaction
    index: int
    outputs: tuple[Output, ...]
    script: bytes
    kind: str
    stack: list[bytes]
    leaf: bytes = b""
    budget: int = 0
    other: list[bytes] = field(default_factory=list)
    signed: list[bytes] = field(default_factory=list)
    is_time_locked: bool = False
    operations: int = 0

    def run(self) -> None:
        """Leaves one true element, or raises."""
        branches: list[bool] = []
        self._need(all(len(data) <= MOST_PUSHED for data in self.stack), "an element of more than 520 bytes")
        if self.kind == TAPSCRIPT:
            self._refuse_unknown()
        else:
            if len(self.script) > MOST_BYTES:
                raise NoRule(
                    f"script_over_{MOST_BYTES}_bytes", f"a script of {len(self.script)} bytes: nobody can spend by it"
                )
        for code, data in _steps(self.script):
            live = all(branches)
            self._count(code > 0x60)
            if code in (0x63, 0x64):
                branches.append(live and self._flag() == (code == 0x63))
            elif code == 0x67:
                self._need(bool(branches), "ELSE without IF")
                branches[-1] = not branches[-1] and all(branches[:-1])
            elif code == 0x68:
                self._need(bool(branches), "ENDIF without IF")
                branches.pop()
            elif data is not None:
                self._need(len(data) <= MOST_PUSHED, "an element of more than 520 bytes")
                self.stack += [data] if live else []
            elif code not in _RULES:
                raise NoRule(f"opcode_{code:02x}", "an opcode without a rule here")
            elif live:
                _RULES[code](self)
            self._need(len(self.stack) + len(self.other) <= 1000, "more than 1000 elements")
        self._need(not branches, "IF without ENDIF")
        self._need(len(self.stack) == 1 and _is_true(self.stack[0]), "the script does not leave one true element")

    def _refuse_unknown(self) -> None:
        """An opcode of BIP-342's OP_SUCCESS family makes a tapscript true by its mere presence; no proof rests on
        that.
        """
        for code, data in _steps(self.script):
            if data is None and code not in _RULES and code not in (0x63, 0x64, 0x67, 0x68):
                raise NoRule(f"opcode_{code:02x}", "an opcode without a rule here")

    def _need(self, holds: bool, why: str, code: str = "bad_signature") -> None:
        if not holds:
            raise NoKey(code, why)

    def _count(self, operations: int) -> None:
        """Operations of a script before Tapscript; a CHECKMULTISIG counts for each of its keys too, at once."""
        self.operations += operations
        self._need(
            self.operations <= MOST_OPERATIONS or self.kind == TAPSCRIPT,
            f"more than {MOST_OPERATIONS} operations",
            "too_many_operations",
        )

    def pop(self) -> bytes:
        self._need(bool(self.stack), "the stack is empty")
        return self.stack.pop()

    def number(self, size: int = 4) -> int:
        data = self.pop()
        self._need(
            len(data) <= size and (not data or bool(data[-1] & 0x7F) or (len(data) > 1 and bool(data[-2] & 0x80))),
            "no shortest number",
        )
        if not data:
            return 0
        value = int.from_bytes(data[:-1] + bytes([data[-1] & 0x7F]), "little")
        return -value if data[-1] & 0x80 else value

    def push(self, number: int) -> None:
        size = (abs(number).bit_length() + 8) // 8 if number else 0
        data = bytearray(abs(number).to_bytes(size, "little"))
        if number < 0:
            data[-1] |= 0x80
        self.stack.append(bytes(data))

    def answer(self, holds: bool) -> None:
        self.stack.append(TRUE if holds else FALSE)

    def verify(self) -> None:
        self._need(_is_true(self.pop()), "a VERIFY fails")

    def _flag(self) -> bool:
        data = self.pop()
        self._need(self.kind == LEGACY or data in (TRUE, FALSE), "a condition that is neither empty nor 1")
        return _is_true(data)

    # --- signatures
    def check_signature(self) -> None:
        key, signature = self.pop(), self.pop()
        self.answer(self._tapscript_holds(key, signature) if self.kind == TAPSCRIPT else self._holds(key, signature))

    def check_signature_add(self) -> None:
        self._need(self.kind == TAPSCRIPT, "CHECKSIGADD outside of a tapscript")
        key, count, signature = self.pop(), self.number(), self.pop()
        self.push(count + self._tapscript_holds(key, signature))

    def check_multisig(self) -> None:
        self._need(self.kind != TAPSCRIPT, "CHECKMULTISIG in a tapscript")
        count = self.number()
        self._need(0 <= count <= MOST_KEYS, f"{count} keys")
        self._count(count)
        keys = [self.pop() for _ in range(count)]
        threshold = self.number()
        self._need(0 <= threshold <= count, f"{threshold} of {count} signatures")
        signatures = [self.pop() for _ in range(threshold)]
        self._need(self.pop() == b"", "the element below a multisig's signatures is not empty")
        if not any(signatures):
            self.answer(threshold == 0)
            return
        left = iter(keys)  # both lists run from the last to the first
        for signature in signatures:
            self._need(
                any(self._matches(key, signature) for key in left),
                "a signature is of no key of the script that is its turn",
            )
        self.answer(True)

    def _holds(self, key: bytes, signature: bytes) -> bool:
        if not signature:
            return False
        self._need(self._matches(key, signature), "the signature is not that of the key")
        return True

    def _matches(self, key: bytes, signature: bytes) -> bool:
        self._need(_is_strict_der(signature[:-1]), "the signature is no strict DER with low S")
        if signature[-1] != ALL:
            raise NoKey(
                "signature_sighash_not_all", f"the signature commits to the parts that {signature[-1]:#04x} names"
            )
        long = self.kind == LEGACY and len(key) == 65 and key[0] == 4
        self._need(long or (len(key) == 33 and key[0] in (2, 3)), "a key of a form that is not allowed here")
        if self.kind == LEGACY:
            self._need(with_length(signature) not in self.script, "the signature stands in its own script")
            digest = self.transaction.legacy_digest(self.index, self.script)
        else:
            digest = self.transaction.segwit_digest(self.index, self.script, self.outputs[self.index].value)
        step("digest", digest)
        step("signature", signature)
        step("stated key", key)
        try:
            holds = bool(PublicKey(key).verify(signature[:-1], digest, hasher=None))
        except ValueError:
            return False
        if holds:
            self.signed.append(key)
        return holds

    def _tapscript_holds(self, key: bytes, signature: bytes) -> bool:
        if len(key) != 32:
            raise NoRule("key_type", f"a key of {len(key)} bytes in a tapscript")
        if not signature:
            return False
        self.budget -= 50
        self._need(self.budget >= 0, "more signatures than the witness pays for")
        kind, bare = _schnorr_parts(signature)
        digest = self.transaction.taproot_digest(self.index, self.outputs, kind, self.leaf)
        self._need(_schnorr(key, bare, digest), "the signature is not that of the key")
        self.signed.append(key)
        return True

    # --- locks
    def _lock(self) -> int:
        value = self.number(5)
        self.push(value)
        self._need(value >= 0, "a negative lock")
        self.is_time_locked = True
        return value

    def check_locktime(self) -> None:
        lock, stated = self._lock(), self.transaction.locktime
        same_unit = (lock < LOCKTIME_THRESHOLD) == (stated < LOCKTIME_THRESHOLD)
        self._need(
            same_unit and lock <= stated and self.transaction.inputs[self.index].sequence != FINAL,
            "the lock is not open",
        )

    def check_sequence(self) -> None:
        lock, stated = self._lock(), self.transaction.inputs[self.index].sequence
        if lock & SEQUENCE_OFF:
            return
        same_unit = lock & SEQUENCE_SECONDS == stated & SEQUENCE_SECONDS
        is_open = (
            self.transaction.version >= 2
            and not stated & SEQUENCE_OFF
            and same_unit
            and lock & 0xFFFF <= stated & 0xFFFF
        )
        self._need(is_open, "the lock is not open")

    # --- the rest
    def hashed(self, how: Callable[[bytes], bytes]) -> None:
        self.stack.append(how(self.pop()))

    def two(self, how: Callable[[int, int], int]) -> None:
        second, first = self.number(), self.number()
        self.push(how(first, second))

    def swap(self) -> None:
        second, first = self.pop(), self.pop()
        self.stack += [second, first]

    def drop(self) -> None:
        self.pop()

    def again(self) -> None:
        top = self.pop()
        self.stack += [top, top]

    def again_if_true(self) -> None:
        top = self.pop()
        self.stack += [top, top] if _is_true(top) else [top]

    def size(self) -> None:
        top = self.pop()
        self.stack.append(top)
        self.push(len(top))

    def back(self) -> None:
        self._need(bool(self.other), "the other stack is empty")
        self.stack.append(self.other.pop())

    def fail(self) -> None:
        self._need(False, "RETURN")


def _is_true(data: bytes) -> bool:
    return bool(data.strip(b"\0")) and data.lstrip(b"\0") != b"\x80"


def _equal(machine: _Machine) -> None:
    machine.answer(machine.pop() == machine.pop())


def _then_verify(rule: Callable[[_Machine], None]) -> Callable[[_Machine], None]:
    def both(machine: _Machine) -> None:
        rule(machine)
        machine.verify()

    return both


def _numbers_equal(machine: _Machine) -> None:
    machine.two(lambda first, second: first == second)


_RULES: dict[int, Callable[[_Machine], None]] = {
    0x69: _Machine.verify,
    0x6A: _Machine.fail,
    0x6B: lambda machine: machine.other.append(machine.pop()),  # TOALTSTACK
    0x6C: _Machine.back,  # FROMALTSTACK
    0x73: _Machine.again_if_true,  # IFDUP
    0x75: _Machine.drop,
    0x76: _Machine.again,  # DUP
    0x7C: _Machine.swap,
    0x82: _Machine.size,
    0x87: _equal,
    0x88: _then_verify(_equal),
    0x91: lambda machine: machine.push(int(machine.number() == 0)),  # NOT
    0x92: lambda machine: machine.push(int(machine.number() != 0)),  # 0NOTEQUAL
    0x93: lambda machine: machine.two(lambda first, second: first + second),  # ADD
    0x9A: lambda machine: machine.two(lambda first, second: int(bool(first and second))),  # BOOLAND
    0x9B: lambda machine: machine.two(lambda first, second: int(bool(first or second))),  # BOOLOR
    0x9C: _numbers_equal,
    0x9D: _then_verify(_numbers_equal),
    0xA2: lambda machine: machine.two(lambda first, second: first >= second),  # GREATERTHANOREQUAL
    0xA6: lambda machine: machine.hashed(hashes.ripemd160),
    0xA8: lambda machine: machine.hashed(hashes.sha256),
    0xA9: lambda machine: machine.hashed(hashes.hash160),
    0xAA: lambda machine: machine.hashed(hashes.sha256d),
    0xAC: _Machine.check_signature,
    0xAD: _then_verify(_Machine.check_signature),
    0xAE: _Machine.check_multisig,
    0xAF: _then_verify(_Machine.check_multisig),
    0xB1: _Machine.check_locktime,
    0xB2: _Machine.check_sequence,
    0xBA: _Machine.check_signature_add,
}
