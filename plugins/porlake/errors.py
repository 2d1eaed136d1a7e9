"""Every error that porlake raises on purpose.

PorlakeError
├── ConfigurationError      a setting is missing or makes no sense
├── RegistryError           a row of a registry CSV is bad; nothing is loaded
├── ReportError             a published file is refused as a whole
│   ├── UnknownFormat       no format, or more than one, recognises the file
│   ├── BadStructure        the format is known, the structure is not as its publisher defines it
│   ├── UnsafeArchive       a zip that is a bomb, holds a path trick, or is broken
│   └── SnapshotUnknown     neither option, file name nor content says which moment is meant
├── InvalidAmount           a text that is no amount of this asset (has `code`)
├── InvalidAddress          a text that is no address of this network (has `code`)
├── InvalidSignature        a text that is no signature of its scheme (has `code`)
│   ├── NoKey               it has the form of one, but no key can have made it
│   └── NoRule              it may be one, but of a form that is not judged here
├── InvalidEncoding         bytes that are not what their encoding allows (has `code`)
├── TransportError          an endpoint did not answer as asked; the text shows its host, never a key
│   ├── RateLimited         429 and its kin, in the words of each family: wait and ask again
│   ├── TimedOut            no answer in time: ask again, or for less
│   ├── TooBig              the question or the answer is over the endpoint's limit: ask for less
│   ├── Unavailable         the endpoint does not have that block or state: ask another
│   │   └── NodeBehind      it does not have it yet: it starts, or is not synchronised
│   ├── RequestFailed       the endpoint understood and refused
│   ├── NotFound            nothing lies at the path that was asked for (HTTP 404 without a word of the API)
│   ├── BadAnswer           the answer is not of the form that the method defines
│   └── NotRecorded         a replay was asked something that its recording does not hold
├── ChainError              a chain's answers contradict each other or the question (wrong block, reorganised hash)
│   ├── NotFinal            the block of a moment is not final yet, or not there: ask later
│   ├── ProofFails          a proof does not lead from the block's root to what the endpoint says
│   └── BadDump             a node's file of coins breaks its layout, is of another block or another hash
├── LakeError               the lake breaks its contract, or its disk does not do as asked
│   ├── Damaged             a file is not what was written; its stage, run again, writes it anew
│   ├── Overtaken           another writer was faster; what was to be written is made again from its inputs
│   ├── StoreUnavailable    the lake's object store does not answer, or refuses for the moment: ask again
│   ├── Outdated            a partition has the schema of an older porlake; `porlake upgrade` carries it over
│   ├── ContractViolation   a row or file does not fit its dataset's schema or key
│   └── MissingPartition    a stage needs what an earlier stage has not written
└── BuildError              the SQL build or one of its data tests failed; nothing was replaced
"""

from __future__ import annotations


class PorlakeError(Exception):
    """Root of the tree. Its text is fit to be shown to a user as it stands."""


class ConfigurationError(PorlakeError):
    pass


class RegistryError(PorlakeError):
    def __init__(self, file: str, line: int, why: str) -> None:
        super().__init__(f"{file}:{line}: {why}")
        self.file, self.line, self.why = file, line, why


class ReportError(PorlakeError):
    pass


class UnknownFormat(ReportError):
    pass


class BadStructure(ReportError):
    """`file` and `row` (1-based line of the published file, 0 where no line is meant) say where."""

    def __init__(self, file: str, row: int, why: str) -> None:
        super().__init__(f"{file}:{row}: {why}" if row else f"{file}: {why}")
        self.file, self.row, self.why = file, row, why


class UnsafeArchive(ReportError):
    pass


class SnapshotUnknown(ReportError):
    pass


class CodedError(PorlakeError):
    """A bad value: `code` is the machine-readable reason that a row's verdict or rejection carries."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why

    def __reduce__(self) -> tuple[type[CodedError], tuple[str, str]]:
        return type(self), (self.code, self.why)


class InvalidAmount(CodedError):
    pass


class InvalidAddress(CodedError):
    pass


class InvalidSignature(CodedError):
    pass


class NoKey(InvalidSignature):
    pass


class NoRule(InvalidSignature):
    pass


class InvalidEncoding(CodedError):
    pass


class TransportError(PorlakeError):
    pass


class RateLimited(TransportError):
    """`retry_after` is the endpoint's own wish in seconds, None where it named none."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class TimedOut(TransportError):
    pass


class TooBig(TransportError):
    pass


class Unavailable(TransportError):
    pass


class NodeBehind(Unavailable):
    pass


class RequestFailed(TransportError):
    """`code` and `data` are those of the JSON-RPC error object, where there is one."""

    def __init__(self, why: str, code: int | None = None, data: object = None) -> None:
        super().__init__(why)
        self.code, self.data = code, data


class NotFound(TransportError):
    pass


class BadAnswer(TransportError):
    pass


class NotRecorded(TransportError):
    pass


class ChainError(PorlakeError):
    pass


class NotFinal(ChainError):
    pass


class ProofFails(ChainError):
    pass


class BadDump(ChainError):
    pass


class LakeError(PorlakeError):
    pass


class Damaged(LakeError):
    pass


class Overtaken(LakeError):
    pass


class StoreUnavailable(LakeError):
    pass


class Outdated(LakeError):
    pass


class ContractViolation(LakeError):
    pass


class MissingPartition(LakeError):
    pass


class BuildError(PorlakeError):
    pass
