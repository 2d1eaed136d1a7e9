"""What was observed, as rows of the datasets of one report and network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from porlake import amounts, chains, registry
from porlake.lake import Writer, schema
from porlake.model import Balance, Block, Dataset, OwnerLink, ReportFile, Unchanged, Unobserved, Utxo
from porlake.observation.columns import Claimed, Codes, chosen

BATCH = 65_536
GATHERED = 16_384  # rows of one batch of what came in small ones
DATASETS: tuple[type[Dataset], ...] = (Block, Balance, OwnerLink, Unobserved, Unchanged)


class Rows:
    """`malformed`: (asset, address) of claims whose address is none of the network's form."""

    def __init__(
        self, file: ReportFile, network: str, codes: Codes, malformed: Iterable[tuple[str, str]], writers: list[Writer]
    ) -> None:
        self._of = {"exchange": file.exchange, "report": file.report, "network": network}
        self._codes, self._malformed = codes, list(malformed)
        self._blocks, balances, self._links, unobserved, unchanged, *more = writers
        self._balances, self._unobserved, self._unchanged = map(_Batches, (balances, unobserved, unchanged))
        self._coins = more[0] if more else None
        self._origins: dict[int, tuple[chains.BlockRef, str]] = {}

    def block(self, at: chains.BlockRef, origin: str) -> None:
        """A block that was asked for, or of which a balance was read; what a height was first named for stays."""
        self._origins.setdefault(at.height, (at, origin))

    def asset(self, claimed: Claimed, at: dict[int, chains.BlockRef]) -> None:
        """The rows of one settled asset; `at`: the block that each height stands for. Assets come in order."""
        whole = claimed.form.in_order  # columns of many thousand accounts; others are gathered
        for batch in self._of_balances(claimed, at):
            self._balances.add(batch, whole=whole)
        for batch in self._of_unobserved(claimed):
            self._unobserved.add(batch, whole=whole)
        for batch in self._of_unchanged(claimed):
            self._unchanged.add(batch, whole=whole)

    def finish(self, links: Iterable[OwnerLink], coins: Iterable[chains.Coin]) -> None:
        """What is known only when all assets were read."""
        self._balances.finish()
        self._unobserved.finish()
        self._unchanged.finish()
        for height, (at, origin) in sorted(self._origins.items()):
            self._blocks.add(
                Block(**self._of, height=height, block_hash=at.hash, block_time=at.moment, block_origin=origin)
            )
        for link in sorted(links, key=attrgetter(*OwnerLink.KEY)):
            self._links.add(link)
        if self._coins is not None:
            for coin in sorted(map(self._coin, coins), key=attrgetter(*Utxo.KEY)):
                self._coins.add(coin)

    def _of_balances(self, claimed: Claimed, at: dict[int, chains.BlockRef]) -> Iterator[pa.RecordBatch]:
        read = claimed.read
        good = np.flatnonzero(claimed.readable)
        if not len(good):
            return
        assert claimed.amounts is not None  # it is settled where anything was read
        amounts_read = claimed.amounts.take(pa.array(good))
        if not read.parts and self._is_plain(claimed, good, at):
            for start in range(0, len(good), BATCH):
                rows = good[start : start + BATCH]
                yield self._batch(
                    Balance,
                    len(rows),
                    asset=claimed.asset,
                    address=claimed.form.texts(claimed.accounts[rows]),
                    component=chains.TOTAL,
                    amount=amounts_read.slice(start, BATCH),
                    height=pa.array(claimed.heights[rows]),
                    method=chosen(self._codes.methods, read.methods[rows]),
                    source=chosen(self._codes.sources, read.sources[rows]),
                    as_of="exact",
                    offset_seconds=pa.repeat(pa.scalar(0, pa.int64()), len(rows)),
                    confirmed_by=chosen(self._codes.sources, read.confirmed[rows]),
                )
            return
        table = self._with_parts(claimed, good, at)
        for start in range(0, table.num_rows, BATCH):
            part = table.slice(start, BATCH).combine_chunks()
            columns = {name: part.column(name).combine_chunks() for name in part.column_names}
            yield self._batch(Balance, part.num_rows, asset=claimed.asset, **columns)

    def _is_plain(self, claimed: Claimed, good: Any, at: dict[int, chains.BlockRef]) -> bool:
        """Whether every balance is of the block that its height stands for, and the accounts are in order."""
        read, codes = claimed.read, self._codes
        if read.as_of[good].any() or not claimed.form.in_order:
            return False
        block_of = {codes.block(block): height for height, block in at.items()}
        return all(
            code in block_of and (claimed.heights[good[read.blocks[good] == code]] == block_of[code]).all()
            for code in np.unique(read.blocks[good]).tolist()
        )

    def _with_parts(self, claimed: Claimed, good: Any, at: dict[int, chains.BlockRef]) -> pa.Table:
        """Balances with their components, each with the block that was read, in the order of address and component."""
        read, codes, is_good = claimed.read, self._codes, claimed.readable
        assert claimed.amounts is not None
        groups = [
            (good, chains.TOTAL, claimed.amounts.take(pa.array(good)), read.blocks[good], read.as_of[good],
             read.methods[good], read.sources[good])
        ]  # fmt: skip
        for part, column in zip(read.parts, claimed.part_amounts, strict=True):
            kept = np.flatnonzero(is_good[part.rows])
            rows = part.rows[kept]
            groups.append(
                (rows, part.component, column.take(pa.array(kept)),
                 *(np.full(len(rows), code) for code in (part.block, part.as_of, part.method, part.source)))
            )  # fmt: skip
        tables = []
        for rows, component, column, blocks, as_of, methods, sources in groups:
            known = [codes.blocks[code] for code in blocks.tolist()]
            wanted = [at[height] for height in claimed.heights[rows].tolist()]
            for code, block in {int(code): codes.blocks[int(code)] for code in np.unique(blocks)}.items():
                self.block(block, "swept" if codes.as_of.index("near") in as_of[blocks == code] else "head")
            tables.append(
                pa.table(
                    {
                        "address": claimed.form.texts(claimed.accounts[rows]),
                        "component": pa.repeat(pa.scalar(component), len(rows)),
                        "amount": column,
                        "height": pa.array([block.height for block in known], pa.int64()),
                        "method": chosen(codes.methods, methods),
                        "source": chosen(codes.sources, sources),
                        "as_of": chosen(codes.as_of, as_of),
                        "offset_seconds": pa.array(
                            [block.seconds_after(to) for block, to in zip(known, wanted, strict=True)], pa.int64()
                        ),
                        "confirmed_by": chosen(codes.sources, read.confirmed[rows]),
                    }
                )
            )
        return pa.concat_tables(tables).sort_by([("address", "ascending"), ("component", "ascending")])

    def _of_unobserved(self, claimed: Claimed) -> Iterator[pa.RecordBatch]:
        missing = np.flatnonzero(~claimed.readable)
        addresses: pa.Array = claimed.form.texts(claimed.accounts[missing])
        reasons: pa.Array = chosen(self._codes.reasons, claimed.read.reasons[missing])
        malformed = sorted({address for of, address in self._malformed if of == claimed.asset})
        if malformed:
            addresses = pa.concat_arrays([addresses, pa.array(malformed, pa.string())])
            reasons = pa.concat_arrays([reasons, pa.repeat(pa.scalar("not_an_address"), len(malformed))])
        if malformed or not claimed.form.in_order:
            order = pc.sort_indices(addresses)
            addresses, reasons = addresses.take(order), reasons.take(order)
        for start in range(0, len(addresses), BATCH):
            part = addresses.slice(start, BATCH)
            yield self._batch(
                Unobserved, len(part), asset=claimed.asset, address=part, reason=reasons.slice(start, BATCH)
            )

    def _of_unchanged(self, claimed: Claimed) -> Iterator[pa.RecordBatch]:
        read = claimed.read
        shown = np.flatnonzero(claimed.readable & (read.evidence != 0))
        if not len(shown):
            return
        rows = shown[np.argsort(claimed.form.texts(claimed.accounts[shown]).to_numpy(zero_copy_only=False))]
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            found = [self._codes.evidence[code] for code in read.evidence[some].tolist()]
            evidence = [one for one in found if one is not None]
            yield self._batch(
                Unchanged,
                len(some),
                asset=claimed.asset,
                address=claimed.form.texts(claimed.accounts[some]),
                head_height=pa.array([one.head.height for one in evidence], pa.int64()),
                head_hash=pa.array([one.head.hash for one in evidence], pa.string()),
                head_time=pa.array([one.head.moment for one in evidence], schema(Unchanged).field("head_time").type),
                last_change=pa.array([one.last_change for one in evidence], pa.string()),
                answer=pa.array([one.answer for one in evidence], pa.string()),
                source=chosen(self._codes.sources, read.sources[some]),
            )

    def _batch(self, dataset: type[Dataset], rows: int, **columns: Any) -> pa.RecordBatch:
        columns |= self._of
        arrays = [
            columns[name] if isinstance(columns[name], pa.Array) else pa.repeat(pa.scalar(columns[name]), rows)
            for name in schema(dataset).names
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema(dataset))

    def _coin(self, coin: chains.Coin) -> Utxo:
        facts = registry.load()
        token = facts.tokens[self._of["network"], coin.asset]  # it was asked for with its token
        amount = amounts.rescale(coin.raw, token.decimals, facts.assets[coin.asset].scale)
        return Utxo(
            **self._of,
            asset=coin.asset,
            address=coin.address,
            txid=coin.txid,
            vout=coin.vout,
            amount=amount,
            coin_height=coin.height,
            coinbase=coin.coinbase,
        )


class _Batches:
    """Batches for a writer; small ones are gathered."""

    def __init__(self, writer: Writer) -> None:
        self._writer, self._waiting, self._rows = writer, list[pa.RecordBatch](), 0

    def add(self, batch: pa.RecordBatch, *, whole: bool) -> None:
        if whole:
            self._writer.add_batch(batch)
            return
        self._waiting.append(batch)
        self._rows += batch.num_rows
        if self._rows >= GATHERED:
            self._write(self._rows - self._rows % GATHERED)

    def finish(self) -> None:
        if self._rows:
            self._write(self._rows)

    def _write(self, count: int) -> None:
        table = pa.Table.from_batches(self._waiting)
        for start in range(0, count, GATHERED):
            (batch,) = table.slice(start, min(GATHERED, count - start)).combine_chunks().to_batches()
            self._writer.add_batch(batch)
        self._waiting = table.slice(count).to_batches()
        self._rows -= count
