"""Bitcoin transactions and finished PSBTs, and the digests that their inputs sign.

BIP-144 (serialisation), BIP-143 and BIP-341 (digests), BIP-174 (PSBT). Only SIGHASH_ALL and Taproot's SIGHASH_DEFAULT:
what else a signature may commit to has no use for proofs of ownership.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from porlake.encoding.hashes import sha256, sha256d
from porlake.encoding.varint import compact_size, with_length
from porlake.errors import InvalidSignature

ALL, DEFAULT = 1, 0
FINAL = 0xFFFFFFFF
PSBT = b"psbt\xff"
NON_WITNESS_UTXO, WITNESS_UTXO, FINAL_SCRIPT, FINAL_WITNESS = 0x00, 0x01, 0x07, 0x08


@dataclass(frozen=True, slots=True)
class Output:
    value: int
    script: bytes

    def raw(self) -> bytes:
        return self.value.to_bytes(8, "little") + with_length(self.script)


@dataclass(frozen=True, slots=True)
class Input:
    """`previous`: id and index of the output that it spends, as serialised."""

    previous: bytes
    script: bytes
    sequence: int
    witness: tuple[bytes, ...] = ()

    def raw(self, script: bytes) -> bytes:
        return self.previous + with_length(script) + self.sequence.to_bytes(4, "little")


@dataclass(frozen=True, slots=True)
class Transaction:
    version: int
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    locktime: int

    def without_witness(self) -> bytes:
        return self._serialised([spent.script for spent in self.inputs])

    def id(self) -> bytes:
        return sha256d(self.without_witness())

    def legacy_digest(self, index: int, script: bytes) -> bytes:
        """What an input before segwit signs; `script` is the one that asks for the signature."""
        scripts = [script if at == index else b"" for at in range(len(self.inputs))]
        return sha256d(self._serialised(scripts) + ALL.to_bytes(4, "little"))

    def segwit_digest(self, index: int, script: bytes, value: int) -> bytes:
        """BIP-143: what a version 0 witness signs."""
        spent = self.inputs[index]
        return sha256d(
            self.version.to_bytes(4, "little")
            + sha256d(b"".join(each.previous for each in self.inputs))
            + sha256d(b"".join(each.sequence.to_bytes(4, "little") for each in self.inputs))
            + spent.previous + with_length(script) + value.to_bytes(8, "little") + spent.sequence.to_bytes(4, "little")
            + sha256d(b"".join(each.raw() for each in self.outputs))
            + self.locktime.to_bytes(4, "little") + ALL.to_bytes(4, "little")
        )  # fmt: skip

    def taproot_digest(
        self, index: int, spent: tuple[Output, ...], kind: int, leaf: bytes = b"", separator: int = FINAL
    ) -> bytes:
        """BIP-341: what a version 1 witness signs, by its key or (with the hash of its `leaf`, BIP-342) by a script."""
        extension = leaf + b"\x00" + separator.to_bytes(4, "little") if leaf else b""
        return tagged(
            "TapSighash",
            bytes([0, kind])
            + self.version.to_bytes(4, "little") + self.locktime.to_bytes(4, "little")
            + sha256(b"".join(each.previous for each in self.inputs))
            + sha256(b"".join(each.value.to_bytes(8, "little") for each in spent))
            + sha256(b"".join(with_length(each.script) for each in spent))
            + sha256(b"".join(each.sequence.to_bytes(4, "little") for each in self.inputs))
            + sha256(b"".join(each.raw() for each in self.outputs))
            + bytes([2 if leaf else 0]) + index.to_bytes(4, "little") + extension,
        )  # fmt: skip

    def _serialised(self, scripts: list[bytes]) -> bytes:
        inputs = b"".join(spent.raw(script) for spent, script in zip(self.inputs, scripts, strict=True))
        outputs = b"".join(each.raw() for each in self.outputs)
        counted = compact_size(len(self.inputs)) + inputs + compact_size(len(self.outputs)) + outputs
        return self.version.to_bytes(4, "little") + counted + self.locktime.to_bytes(4, "little")


def tagged(tag: str, data: bytes) -> bytes:
    """The tagged hash of BIP-340."""
    tag_hash = sha256(tag.encode())
    return sha256(tag_hash + tag_hash + data)


# --- reading ----------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Reader:
    """Reads on from `at`. What ends too early raises InvalidSignature with `code`."""

    data: bytes
    code: str
    at: int = field(default=0)

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise InvalidSignature(self.code, f"it ends after {len(self.data)} bytes, within a field of {size}")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def size(self) -> int:
        """A CompactSize in its shortest form."""
        first = self.number(1)
        if first < 0xFD:
            return first
        number = self.number(2 << (first - 0xFD))
        if len(compact_size(number)) != 1 + (2 << (first - 0xFD)):
            raise InvalidSignature(self.code, f"the number {number} is written longer than needed")
        return number

    def counted(self) -> bytes:
        return self.take(self.size())

    def stack(self) -> tuple[bytes, ...]:
        return tuple(self.counted() for _ in range(self.size()))

    def end(self) -> None:
        if self.at != len(self.data):
            raise InvalidSignature(self.code, f"{len(self.data) - self.at} bytes are left over")


def witness(data: bytes) -> tuple[bytes, ...]:
    """A witness stack and nothing else. Raises InvalidSignature (bad_witness)."""
    reader = Reader(data, "bad_witness")
    stack = reader.stack()
    reader.end()
    return stack


def transaction(data: bytes) -> Transaction:
    """Raises InvalidSignature (bad_transaction)."""
    reader = Reader(data, "bad_transaction")
    version = reader.number(4)
    has_witness = data[4:6] == b"\x00\x01"
    if has_witness:
        reader.take(2)
    inputs = [Input(reader.take(36), reader.counted(), reader.number(4)) for _ in range(reader.size())]
    outputs = tuple(Output(reader.number(8), reader.counted()) for _ in range(reader.size()))
    if has_witness:
        inputs = [Input(spent.previous, spent.script, spent.sequence, reader.stack()) for spent in inputs]
        if not any(spent.witness for spent in inputs):
            raise InvalidSignature("bad_transaction", "it is marked as one with witnesses and has none")
    locktime = reader.number(4)
    reader.end()
    return Transaction(version, tuple(inputs), outputs, locktime)


def psbt(data: bytes) -> tuple[Transaction, tuple[Output, ...]]:
    """The transaction of a finished PSBT (version 0) with its scripts and witnesses, and the outputs that it spends.

    Raises InvalidSignature (bad_psbt, bad_transaction).
    """
    if not data.startswith(PSBT):
        raise InvalidSignature("bad_psbt", "it does not begin as a PSBT does")
    reader = Reader(data, "bad_psbt", len(PSBT))
    unsigned = transaction(_map(reader).get(b"\x00", b""))
    if any(spent.script or spent.witness for spent in unsigned.inputs):
        raise InvalidSignature("bad_psbt", "its unsigned transaction is signed")
    inputs, spent_outputs = [], []
    for bare in unsigned.inputs:
        fields = _map(reader)
        spent_outputs.append(_spent(bare, fields))
        witness_stack = witness(fields.get(bytes([FINAL_WITNESS]), b"\x00"))
        inputs.append(Input(bare.previous, fields.get(bytes([FINAL_SCRIPT]), b""), bare.sequence, witness_stack))
    for _ in unsigned.outputs:
        _map(reader)
    reader.end()
    return Transaction(unsigned.version, tuple(inputs), unsigned.outputs, unsigned.locktime), tuple(spent_outputs)


def _map(reader: Reader) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    while key := reader.counted():
        if key in fields:
            raise InvalidSignature("bad_psbt", f"the key {key.hex()[:40]} stands twice")
        fields[key] = reader.counted()
    return fields


def _spent(bare: Input, fields: dict[bytes, bytes]) -> Output:
    """The output that an input spends; a whole transaction, where it is given, must be the one that the input names."""
    witnessed, whole = fields.get(bytes([WITNESS_UTXO])), fields.get(bytes([NON_WITNESS_UTXO]))
    found: Output | None = None
    if whole is not None:
        before, index = transaction(whole), int.from_bytes(bare.previous[32:], "little")
        if before.id() != bare.previous[:32] or index >= len(before.outputs):
            raise InvalidSignature("bad_psbt", "a transaction in it is not the one that its input spends")
        found = before.outputs[index]
    if witnessed is not None:
        reader = Reader(witnessed, "bad_psbt")
        stated = Output(reader.number(8), reader.counted())
        reader.end()
        if found is not None and stated != found:
            raise InvalidSignature("bad_psbt", "two statements of one spent output differ")
        return stated
    if found is None:
        raise InvalidSignature("bad_psbt", "an input does not say what it spends")
    return found
