"""observe, for EVM networks: claims come in as columns, balances go out as columns, and nothing in between looks at a
row by itself.

A sweep that is stopped goes on where it was: every answered piece is kept beside the partition under its question
(network, block hash, token, accounts) until the partition is shown. Pieces are not kept while a recording records or
replays: a recording must hold every answer.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from porlake import amounts, chains, registry
from porlake.chains.evm import client as evm
from porlake.chains.evm.client import DISAGREE, REASONS, TOO_LARGE, Accounts, Piece, Words
from porlake.errors import ChainError, TransportError
from porlake.lake import Scratch, Writer, forget, schema
from porlake.model import Balance, Block, Claim, Dataset, ReportFile, Unobserved
from porlake.pipeline._session import Session

BATCH = 65_536
NO_HEIGHT = -1
ASKED_PLAINLY = 4  # accounts of each of three kinds
VERSION = "3"  # of what a kept piece means
KEEP_EVERY = 1.0  # seconds: as much a sweep that is killed asks for again


@dataclass(slots=True)
class Held:
    """One asset: its accounts in order, at which height each was read (NO_HEIGHT: not named), what is claimed there
    (base units of the asset; zero where nothing is), and what was read.
    """

    asset: str
    accounts: Accounts
    heights: npt.NDArray[np.int64]
    claims: Words
    words: Words
    method: npt.NDArray[np.uint8]
    source: npt.NDArray[np.uint8]
    reasons: npt.NDArray[np.uint8]
    confirmed: npt.NDArray[np.uint8]
    amounts: pa.Decimal128Array | None = None


@dataclass(slots=True)
class Shown:
    """What a chain shows. `why` names the reason of each code in `Held.reasons`, where 0 is a balance that was read; so
    `methods`, `sources`.

    The first source is nobody: a balance that no other host confirmed.
    """

    network: str
    held: list[Held] = field(default_factory=list)
    why: list[str] = field(default_factory=lambda: list(REASONS))
    methods: list[str] = field(default_factory=list)
    sources: list[str | None] = field(default_factory=lambda: [None])

    def unread(self, held: Held, reason: str, where: npt.NDArray[np.bool_] | None = None) -> None:
        held.reasons[slice(None) if where is None else where] = _code(self.why, reason)

    def method(self, name: str) -> int:
        """The code of a method."""
        return _code(self.methods, name)


@dataclass(slots=True)
class Swept(Shown):
    """What the chain shows of a report's claims on one network; `write` puts an asset into the datasets once it is
    settled.

    `odd`: (asset, address) of claims whose address is no account of an EVM chain.
    """

    file: ReportFile = field(kw_only=True)
    odd: list[tuple[str, str]] = field(default_factory=list)
    blocks: dict[int, Block] = field(default_factory=dict)

    def block(self, at: chains.BlockRef, origin: str) -> None:
        self.blocks.setdefault(
            at.height, Block(self.file.exchange, self.file.report, self.network, at.height, at.hash, at.time, origin)
        )

    def write(self, held: Held, balances: Writer, unobserved: Writer) -> None:
        """The rows of one asset; assets come in order."""
        for batch in self._balances(held):
            balances.add_batch(batch)
        for batch in self._unobserved(held.asset, held):
            unobserved.add_batch(batch)

    def _balances(self, held: Held) -> Iterator[pa.RecordBatch]:
        read = np.flatnonzero(held.reasons == 0)
        for start in range(0, len(read), BATCH):
            rows = read[start : start + BATCH]
            assert held.amounts is not None  # a reason of 0 is set together with the amounts
            yield self._batch(
                Balance,
                len(rows),
                asset=held.asset,
                address=evm.addresses_of(held.accounts[rows]),
                component="total",
                amount=held.amounts.take(pa.array(rows)),
                height=pa.array(held.heights[rows]),
                method=_chosen(self.methods, held.method[rows]),
                source=_chosen(self.sources, held.source[rows]),
                as_of="exact",
                offset_seconds=pa.repeat(pa.scalar(0, pa.int64()), len(rows)),
                confirmed_by=_chosen(self.sources, held.confirmed[rows]),
            )

    def _unobserved(self, asset: str, held: Held) -> Iterator[pa.RecordBatch]:
        missing = np.flatnonzero(held.reasons)
        addresses: pa.Array = evm.addresses_of(held.accounts[missing])
        reasons: pa.Array = _chosen(self.why, held.reasons[missing])
        if odd := sorted({address for of, address in self.odd if of == asset}):
            addresses = pa.concat_arrays([addresses, pa.array(odd, pa.string())])
            reasons = pa.concat_arrays([reasons, pa.repeat(pa.scalar("not_an_address"), len(odd))])
            order = pc.sort_indices(addresses)
            addresses, reasons = addresses.take(order), reasons.take(order)
        for start in range(0, len(addresses), BATCH):
            part = addresses.slice(start, BATCH)
            yield self._batch(Unobserved, len(part), asset=asset, address=part, reason=reasons.slice(start, BATCH))

    def _batch(self, row_class: type[Dataset], rows: int, **columns: Any) -> pa.RecordBatch:
        columns |= {"exchange": self.file.exchange, "report": self.file.report, "network": self.network}
        arrays = [
            columns[name] if isinstance(columns[name], pa.Array) else pa.repeat(pa.scalar(columns[name]), rows)
            for name in schema(row_class).names
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema(row_class))


# --- the claims -------------------------------------------------------------------------------------------------------
def claimed(session: Session, file: ReportFile, network: str) -> Swept:
    """Every account that a report claims on a network, once for each asset, at the first height that the file names for
    it.
    """
    parts: dict[str, list[Part]] = {}
    swept = Swept(network, file=file)
    names = ("asset", "address", "snapshot_height", "amount")
    for rows in session.lake.columns(Claim, names, exchange=file.exchange, report=file.report, network=network):
        accounts, good = evm.accounts_of(rows.column("address"))
        heights = rows.column("snapshot_height").fill_null(NO_HEIGHT).to_numpy(zero_copy_only=False)
        claims = units(rows.column("amount"))
        assets = rows.column("asset").dictionary_encode()
        codes = assets.indices.to_numpy()
        for code, asset in enumerate(assets.dictionary.to_pylist()):
            if len(assets.dictionary) == 1 and good.all():
                parts.setdefault(asset, []).append((accounts, heights, claims))
            else:
                mine = codes == code
                parts.setdefault(asset, []).append((accounts[mine[good]], heights[good & mine], claims[good & mine]))
        if not good.all():
            bad = rows.filter(pa.array(~good))
            swept.odd += zip(bad.column("asset").to_pylist(), bad.column("address").to_pylist(), strict=True)
    swept.held = [once(asset, parts.pop(asset)) for asset in sorted(parts)]
    return swept


Part = tuple[Accounts, npt.NDArray[np.int64], Words]
"""Accounts, the height that is named for each, and what is claimed there."""


def once(asset: str, parts: Sequence[Part]) -> Held:
    """Accounts, in order and each once, at the first height that stands by it and with the most that is claimed of
    it.
    """
    accounts, heights, claims = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = evm.distinct(accounts)
    count = len(order)
    mine = np.take(accounts, order, axis=0)
    most = claims[order]
    if count < len(accounts):
        again = np.setdiff1d(np.arange(len(accounts)), order)
        for place, row in zip(
            np.searchsorted(_keys(mine), _keys(accounts[again])).tolist(), again.tolist(), strict=True
        ):
            most[place] = max(most[place].tolist(), claims[row].tolist())
    codes = (np.zeros(count, np.uint8) for _ in range(4))
    return Held(asset, mine, heights[order], most, np.zeros((count, 2), np.uint64), *codes)


def units(amounts: pa.Decimal128Array) -> Words:
    """DECIMAL(38,0) as pairs of 64-bit halves; null is zero, and what is below it."""
    whole = amounts.fill_null(Decimal(0)) if amounts.null_count else amounts
    little = np.frombuffer(whole.buffers()[1], np.uint64).reshape(-1, 2)
    found = np.ascontiguousarray(little[whole.offset : whole.offset + len(whole), ::-1])
    found[found[:, 0] >= np.uint64(2**63)] = 0
    return found


def _keys(accounts: Accounts) -> npt.NDArray[np.bytes_]:
    return np.ascontiguousarray(accounts).view("S20").ravel()


# --- the look ---------------------------------------------------------------------------------------------------------
def look(session: Session, swept: Swept) -> Iterator[Held]:
    """Fill in what the chain shows of each asset, in order; an asset is settled when it is given. Raises
    TransportError, ChainError.
    """
    facts = registry.load()
    readable = {}
    for held in swept.held:
        token = facts.token(swept.network, held.asset)
        if reason := _unreadable(token):
            swept.unread(held, reason)
        elif token is not None:
            readable[held.asset] = (held, token)
    endpoints = session.endpoints_of(swept.network)
    if not endpoints and not session.recording.replays:
        for held, _ in readable.values():
            swept.unread(held, "no_endpoint")
        readable.clear()
    looker, blocks = None, dict[int, chains.BlockRef]()
    if readable:
        client = evm.open_client(facts.networks[swept.network], endpoints, session.recording)
        blocks = _blocks(swept, client, [held for held, _ in readable.values()])
        looker = Looker(
            session, client, swept, _scratch(session, swept), f"observe {swept.network} of {swept.file.attestation}"
        )
        looker.total = sum(int((held.reasons == 0).sum()) for held, _ in readable.values())
    for held in swept.held:
        if looker and held.asset in readable:
            looker.look_at_all(held, readable[held.asset][1], blocks)
            looker.tell_lost()
        yield held


def _scratch(session: Session, swept: Swept) -> Path | None:
    partition = {"exchange": swept.file.exchange, "report": swept.file.report, "network": swept.network}
    return session.lake.scratch(Balance, partition) if session.recording.is_off else None


def _unreadable(token: registry.Token | None) -> str:
    if token is None:
        return "asset_not_on_network"
    if token.kind == "rebasing":
        return "token_rebases"
    return "contract_unknown" if token.kind != "native" and not token.contract else ""


def unread(session: Session, file: ReportFile, network: str, reason: str) -> Swept:
    """All that is claimed on a network, unread for one reason."""
    swept = claimed(session, file, network)
    for held in swept.held:
        swept.unread(held, reason)
    return swept


def _blocks(swept: Swept, client: evm.Client, readable: Sequence[Held]) -> dict[int, chains.BlockRef]:
    """The blocks at which the claims are to be read, by height; claims for which there is none are left unread."""
    file = swept.file
    named = sorted({int(height) for held in readable for height in np.unique(held.heights) if height != NO_HEIGHT})
    final = client.final() if named else 0
    blocks = {}
    for height in named:
        if height <= final:
            blocks[height] = client.block(height)
            swept.block(blocks[height], "published")
    if len(blocks) < len(named):
        _reached(client, swept)
    for held in readable:
        for height in np.unique(held.heights):
            if height != NO_HEIGHT and height not in blocks:
                swept.unread(held, "height_not_final", held.heights == height)
    if any((held.heights == NO_HEIGHT).any() for held in readable):
        if file.snapshot_at is None or file.snapshot_precision != "moment":
            for held in readable:
                swept.unread(held, "no_snapshot_height", held.heights == NO_HEIGHT)
        else:
            at = client.block_at(file.snapshot_at)
            swept.block(at, "resolved")
            blocks[at.height] = at
            for held in readable:
                held.heights[held.heights == NO_HEIGHT] = at.height
    return blocks


def _reached(client: evm.Client, swept: Swept) -> None:
    """Raises ChainError where the endpoint has not come as far as the snapshot: it is behind, and nothing is wrong with
    the heights.
    """
    head, at = client.head(), swept.file.snapshot_at
    if at is not None and head.time < at:
        raise ChainError(
            f"{swept.network}: the endpoint is behind: its head, {head.height:,}, is of {head.time:%Y-%m-%d %H:%M}, "
            f"the snapshot of {at}"
        )


class Found:
    """What was read of some accounts of one asset at one block; the codes are those of `Shown`. `claims`: what the
    report claims there.
    """

    def __init__(
        self, asset: str, token: registry.Token, at: chains.BlockRef, accounts: Accounts, claims: Words
    ) -> None:
        self.asset, self.token, self.at, self.accounts, self.claims = asset, token, at, accounts, claims
        self.words = np.zeros((len(accounts), 2), np.uint64)
        self.methods, self.sources, self.reasons, self.confirmed = (np.zeros(len(accounts), np.uint8) for _ in range(4))


class Other:
    """What another operator's endpoint says of the same accounts. `open`: balances that it has not been asked about."""

    def __init__(self, found: Found) -> None:
        self.words = np.zeros((len(found.accounts), 2), np.uint64)
        self.asked, self.known = (np.zeros(len(found.accounts), np.bool_) for _ in range(2))
        self._balances: npt.NDArray[np.bool_] = np.asarray(found.reasons == 0)
        self.against = 0

    @property
    def open(self) -> npt.NDArray[np.bool_]:
        return self._balances & ~self.asked


def contradicted(against: int, asked: int) -> bool:
    """Whether so many contradictions among the accounts that were asked about twice speak against all that the first
    endpoint said.
    """
    return against >= 3 or against * 1_000 > asked


def drawn(found: Found, share: Decimal) -> npt.NDArray[np.bool_]:
    """A sample of the accounts, drawn by the block's hash and by all that was answered: who answers cannot know it
    before.
    """
    digest = hashlib.sha256(found.at.hash.encode() + found.words.tobytes()).digest()
    seed = np.uint64(int.from_bytes(digest[:8], "big") | 1)
    places = np.ascontiguousarray(found.accounts[:, 12:]).view(">u8").ravel().astype(np.uint64) * seed
    below: npt.NDArray[np.bool_] = places < np.uint64(min(int(share * 2**64), 2**64 - 1))
    return below if share < 1 else np.ones(len(places), np.bool_)


@dataclass(slots=True)
class Looker:
    """Sweeps, one (asset, block) after the other, with progress over all of them."""

    session: Session
    client: evm.Client
    shown: Shown
    scratch: Path | None
    what: str
    total: int = 0
    done: int = 0
    _told: set[str] = field(default_factory=set)

    def tell_lost(self) -> None:
        """Say which endpoints failed, each once."""
        for error in map(str, self.client.lost):
            if error not in self._told:
                self._told.add(error)
                self._tell(f"an endpoint is not asked any more: {error}")

    def look_at_all(self, held: Held, token: registry.Token, blocks: Mapping[int, chains.BlockRef]) -> None:
        """Fill in one asset at the heights of its accounts, and settle it."""
        if blocks and (held.reasons == 0).any() and self._counts_otherwise(token, blocks[max(blocks)]):
            self.shown.unread(held, "token_decimals_differ", held.reasons == 0)
        for height, at in blocks.items():
            self.look(held, token, at, (held.heights == height) & (held.reasons == 0))
        self.settle(held, token)

    def _counts_otherwise(self, token: registry.Token, at: chains.BlockRef) -> bool:
        """Whether a token says of itself that it has other decimals than the registry: its balances would be wrong by
        powers of ten.
        """
        if token.kind == "native":
            return False
        said = self.client.decimals(token, at)
        if said is None or said == token.decimals:
            return False
        self.session.progress(
            f"{self.what}: {token.contract} has {said} decimals and not {token.decimals}: its balances are withheld",
            0,
            0,
        )
        return True

    def look(self, held: Held, token: registry.Token, at: chains.BlockRef, where: npt.NDArray[np.bool_]) -> None:
        """Fill in the words of some accounts, all of one block."""
        rows: Any = slice(None) if where.all() else np.flatnonzero(where)
        accounts = held.accounts[rows]
        if not len(accounts):
            return
        found = Found(held.asset, token, at, accounts, held.claims[rows])
        self._read(found, self.client.sweep(token, accounts, at, self._kept(token, at, accounts)))
        self._as_anybody_reads(found)
        self._confirm(found)
        held.words[rows], held.method[rows], held.source[rows] = found.words, found.methods, found.sources
        held.reasons[rows], held.confirmed[rows] = found.reasons, found.confirmed

    def settle(self, held: Held, token: registry.Token) -> None:
        """The words as amounts of the asset."""
        scale = registry.load().assets[held.asset].scale
        good = held.reasons == 0
        plain = held.words if good.all() else np.where(good[:, None], held.words, np.uint64(0))
        held.amounts = amounts.rescale_column(evm.decimals_of(plain), token.decimals, scale)
        if held.amounts.null_count:
            held.reasons[held.amounts.is_null().to_numpy(zero_copy_only=False) & good] = TOO_LARGE

    def _read(self, found: Found, pieces: Iterable[Piece], *, again: bool = False) -> None:
        for piece in pieces:
            stretch = slice(piece.start, piece.start + len(piece.words))
            found.words[stretch] = piece.words
            if piece.source != evm.NOBODY:
                found.methods[stretch] = _code(self.shown.methods, piece.method)
                found.sources[stretch] = _code(self.shown.sources, piece.source)
            self.done += 0 if again else len(piece.words)
            self.session.progress(self.what, self.done, self.total)
        found.reasons = evm.reasons_of(found.words)

    def _as_anybody_reads(self, found: Found) -> None:
        """A token may tell a contract another balance than it tells nobody (the zero address) and the account itself:
        some accounts are asked about so. Where those two agree, the token is read by plain calls; where they do not,
        nobody knows what is true.
        """
        if found.token.kind == "native":
            return
        spread = np.linspace(0, len(found.accounts) - 1, ASKED_PLAINLY).astype(np.int64)
        known = np.where((found.reasons == 0)[:, None], found.words, np.uint64(0))
        rows = np.unique(
            np.concatenate([evm.largest(known, ASKED_PLAINLY), evm.largest(found.claims, ASKED_PLAINLY), spread])
        )
        try:
            said = self.client.called(found.token, found.accounts[rows], found.at)
        except (TransportError, ChainError) as error:
            self._tell(f"whether {found.token.contract} tells everybody the same is not known: {error}")
            return
        if said is None or not any(evm.differing(words, found.words[rows]).any() for words in said):
            return
        if evm.differing(*said).any():
            self._tell(f"{found.token.contract} tells each caller another balance: its balances are withheld")
            found.reasons[found.reasons == 0] = _code(self.shown.why, "balance_depends_on_caller")
            return
        self._tell(
            f"{found.token.contract} tells a contract other balances than anybody else: it is read by plain calls"
        )
        self._read(found, self.client.plain(found.token, found.accounts, found.at), again=True)

    def _confirm(self, found: Found) -> None:
        """Read some accounts again at another operator's endpoint: what it confirms is marked, and where it contradicts
        no value stands.

        Where it contradicts too many (`contradicted`) it is asked for the whole asset, and nothing stands that it does
        not confirm.
        """
        others = self.client.others({self.shown.sources[code] or "" for code in np.unique(found.sources)} - {""})
        if not others:
            return
        other = Other(found)
        try:
            while len(rows := self._doubtful(found, other)):
                self._ask_other(found, other, others, rows)
                if contradicted(other.against, int(other.asked.sum())):
                    self._tell(
                        f"{other.against:,} of {int(other.asked.sum()):,} accounts of {found.asset} are "
                        f"contradicted: all are asked for again"
                    )
                    found.reasons[other.open] = DISAGREE
                    self._ask_other(found, other, others, np.flatnonzero(other.open))
                    break
        except (TransportError, ChainError) as error:
            self._tell(f"no second endpoint confirms {int(other.open.sum()):,} accounts of {found.asset}: {error}")
        if other.against:
            self.session.progress(
                f"{self.what}: endpoints disagree about accounts of {found.asset}",
                other.against,
                int(other.asked.sum()),
            )

    def _ask_other(self, found: Found, other: Other, others: Sequence[Any], rows: npt.NDArray[np.int64]) -> None:
        for piece in self.client.again(others, found.token, found.accounts[rows], found.at):
            here = rows[piece.start : piece.start + len(piece.words)]
            other.asked[here] = True
            if piece.source == evm.NOBODY:
                continue
            other.words[here], other.known[here] = piece.words, True
            differ = evm.differing(found.words[here], piece.words)
            found.reasons[here] = np.where(differ, np.uint8(DISAGREE), np.uint8(0))
            found.confirmed[here] = np.where(differ, np.uint8(0), np.uint8(_code(self.shown.sources, piece.source)))
            other.against += int(differ.sum())

    def _doubtful(self, found: Found, other: Other) -> npt.NDArray[np.int64]:
        """Accounts to be asked for again: at first a sample, and always each account with a large part of the asset: of
        what is claimed, of what was read, and of what the other endpoint has said so far, so that a suspect hides none
        behind what it makes up.
        """
        share = self.session.check_above
        doubtful = (
            drawn(found, self.session.check_sample)
            if not other.asked.any()
            else np.zeros(len(found.accounts), np.bool_)
        )
        better = np.where(other.known[:, None], other.words, found.words)
        for words in (found.words, better, found.claims):
            balances = ~evm.at_least(words, evm.LIMIT)
            doubtful |= balances & evm.at_least(words, max(1, int(share * evm.total(words[balances]))))
        return np.flatnonzero(doubtful & other.open)

    def _tell(self, what: str) -> None:
        self.session.progress(f"{self.what}: {what}", 0, 0)

    def _kept(self, token: registry.Token, at: chains.BlockRef, accounts: Accounts) -> evm.Kept:
        if self.scratch is None:
            return evm.NOTHING_KEPT
        question = [VERSION, self.shown.network, at.hash, token.kind, token.contract]
        digest = hashlib.sha256(json.dumps(question).encode() + accounts.tobytes()).hexdigest()
        return KeptPieces(Scratch(self.scratch / digest[:32]), len(accounts))


@dataclass(slots=True)
class KeptPieces:
    """Pieces of one question on disk, those of a second in one file, `<start>-<accounts>`: a line of JSON, [start,
    accounts, method, source] of each, and the words.
    """

    scratch: Scratch
    count: int
    _waiting: list[Piece] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def pieces(self) -> Iterator[Piece]:
        for _, content in self.scratch.parts():
            line, _, data = content.partition(b"\n")
            for start, count, method, source in json.loads(line):
                words, data = data[: 16 * count], data[16 * count :]
                if start + count <= self.count and len(words) == 16 * count:
                    yield Piece(start, evm.words_of(words), method, source)

    def keep(self, piece: Piece) -> None:
        self._waiting.append(piece)
        if time.monotonic() - self._since >= KEEP_EVERY:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            line = json.dumps(
                [[piece.start, len(piece.words), piece.method, piece.source] for piece in self._waiting]
            ).encode()
            data = b"".join(piece.words.astype(">u8").tobytes() for piece in self._waiting)
            self.scratch.keep(f"{self._waiting[0].start}-{len(data) // 16}", line + b"\n" + data)
        self._waiting, self._since = [], time.monotonic()


def listed(
    session: Session,
    network: str,
    tokens: Mapping[str, registry.Token],
    height: int,
    accounts: Sequence[str],
    scratch: Path | None,
) -> tuple[Shown, chains.BlockRef]:
    """What some accounts hold of some assets at a height. Raises TransportError, ChainError, where the height is not
    final too.
    """
    shown = Shown(network)
    # A list is somebody's own: the endpoint that was given sees it, and no other.
    client = evm.open_client(registry.load().networks[network], session.endpoint(network), session.recording)
    if height > (final := client.final()):
        raise ChainError(f"{network}: block {height:,} is not final yet, {final:,} is")
    at = client.block(height)
    wanted = evm.accounts_from(accounts)
    looker = Looker(
        session,
        client,
        shown,
        scratch if session.recording.is_off else None,
        f"balances on {network}",
        len(accounts) * len(tokens),
    )
    for asset, token in sorted(tokens.items()):
        held = once(asset, [(wanted, np.full(len(wanted), height, np.int64), np.zeros((len(wanted), 2), np.uint64))])
        if reason := _unreadable(token):
            shown.unread(held, reason)
        looker.look_at_all(held, token, {height: at})
        shown.held.append(held)
    return shown, at


def forget_kept(session: Session, file: ReportFile, network: str) -> None:
    """The partition is shown: what was kept for it is done."""
    forget(session.lake.scratch(Balance, {"exchange": file.exchange, "report": file.report, "network": network}))


# --- columns ----------------------------------------------------------------------------------------------------------
def _code(names: list[Any], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


def _chosen(names: Iterable[str | None], codes: npt.NDArray[np.uint8]) -> pa.Array:
    """A column of names by their codes."""
    values = pa.array(list(names), pa.string())
    if len(codes) and (codes == codes[0]).all():
        return pa.repeat(values[int(codes[0])], len(codes))
    return values.take(pa.array(codes))
