"""From rows that owners signed to what is proven: a Safe, contracts, validators and pods, on real nodes and through the
whole pipeline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coincurve
import duckdb
import pytest

from chains.anvil_node import anvil, needs_anvil
from chains.beacon_stub import GENESIS, Stub, serving, validator
from chains.contracts import ENDLESS, ONE_WORD, SAFE, assemble, safe_storage
from porlake import pipeline, warehouse
from porlake.addresses import evm
from porlake.encoding.keccak import keccak256
from porlake.errors import Unavailable
from porlake.model import Balance, OwnerLink, Unobserved
from porlake.observation import links
from porlake.transport import Endpoint, Recording

pytestmark = [pytest.mark.node, needs_anvil]

HEADER = (
    "coin,Type,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/public key,EOA1,EOA2"
)
MESSAGE = "I am an OKX address"
HEIGHT, SLOT = 2, 8_700_000
GWEI = 10**9


@dataclass(frozen=True)
class Key:
    seed: str

    @property
    def _key(self) -> coincurve.PrivateKey:
        return coincurve.PrivateKey(hashlib.sha256(self.seed.encode()).digest())

    @property
    def account(self) -> str:
        return evm.of("ethereum", evm.from_public_key(self._key.public_key.format(compressed=False))).text

    @property
    def signature(self) -> str:
        digest = keccak256(b"\x19Ethereum Signed Message:\n32" + keccak256(MESSAGE.encode()))
        raw = self._key.sign_recoverable(digest, hasher=None)
        return "0x" + raw[:64].hex() + f"{raw[64] + 27:02x}"


A, B, C = Key("a"), Key("b"), Key("c")
SAFE_2, SAFE_ALONE, SAFE_3, OWNED, NOT_OURS, LOOP, POD, FOREIGN_POD = (f"0x{0xC0DE00 + n:040x}" for n in range(8))
VALIDATORS = {
    name: "0x" + f"{n:096x}"
    for n, name in enumerate(["native", "taken", "pod", "foreign_pod", "no_pod_named", "bls", "unknown"], 1)
}


def row(kind: str, address: str, amount: str, *keys: Key, owners: tuple[str, ...] = ()) -> str:
    signatures = [key.signature for key in keys] + [""] * (2 - len(keys))
    stated = [*(owners or [key.account for key in keys]), "", ""][:2]
    return ",".join(["ETH", kind, "ETH", str(HEIGHT), address, amount, MESSAGE, *signatures, "", *stated])


ROWS = [
    row("Non Staking", SAFE_2, "1", A, B),  # two of the three owners of a Safe of two
    row("Non Staking", SAFE_ALONE, "2", A),  # one of them
    row("Non Staking", SAFE_3, "3", A, B),  # two of three, where three must sign
    row("Non Staking", OWNED, "4", A),
    row("Non Staking", NOT_OURS, "5", A),  # the chain says that it is another's
    row("Non Staking", LOOP, "6", A),
    row("Non Staking", C.account, "7", C, owners=(C.account,)),  # itself
    row("Native ETH Staking", VALIDATORS["native"], "32", A),
    row("Native ETH Staking", VALIDATORS["taken"], "32", A),
    row("Native ETH Staking", VALIDATORS["bls"], "32", A),
    row("Native ETH Staking", VALIDATORS["unknown"], "32", A),
    row("Eigenlayer Staking", VALIDATORS["pod"], "32", A, owners=(A.account, POD)),
    row("Eigenlayer Staking", VALIDATORS["foreign_pod"], "32", A, owners=(A.account, FOREIGN_POD)),
    row("Eigenlayer Staking", VALIDATORS["no_pod_named"], "32", A),
]


def to(account: str, kind: str = "01") -> str:
    return f"0x{kind}" + "00" * 11 + account[2:]


@dataclass
class Month:
    settings: pipeline.Session
    report: str
    recording: Path
    stub: Stub

    def rows(self, row_class: type[Any], network: str) -> list[Any]:
        return list(self.settings.lake.rows(row_class, network=network))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    folder = tmp_path_factory.mktemp("owners")
    path = folder / "okx_por_2026072200.csv"
    path.write_text("\n".join(["coin,amount", "ETH,252", "", HEADER, *ROWS]) + "\n")
    with anvil("--timestamp", str(GENESIS + 12 * (SLOT - HEIGHT))) as node:
        for number, address in enumerate([SAFE_2, SAFE_ALONE, SAFE_3, OWNED, NOT_OURS, LOOP, C.account], 1):
            node("anvil_setBalance", address, hex(number * 10**18))
        for address, threshold in ((SAFE_2, 2), (SAFE_ALONE, 2), (SAFE_3, 3)):
            node("anvil_setCode", address, assemble(SAFE))
            for slot, value in safe_storage([A.account, B.account, C.account], threshold):
                node("anvil_setStorageAt", address, f"0x{slot:064x}", f"0x{value:064x}")
        for address, call, owner in (
            (OWNED, "owner()", A),
            (NOT_OURS, "owner()", B),
            (POD, "podOwner()", A),
            (FOREIGN_POD, "podOwner()", C),
        ):
            node("anvil_setCode", address, assemble(ONE_WORD.format(call=call)))
            node("anvil_setStorageAt", address, f"0x{0:064x}", f"0x{int(owner.account, 16):064x}")
        node("anvil_setCode", LOOP, assemble(ENDLESS))
        for step in range(3):
            node("evm_setNextBlockTimestamp", GENESIS + 12 * (SLOT - HEIGHT + step + 1))
            node.mine()
        for address in (OWNED, SAFE_2):  # what happens later must not be seen
            node("anvil_setCode", address, assemble(ENDLESS))
        node.mine(2)
        withdraw = {"native": to(A.account), "taken": to(B.account), "pod": to(POD),
                    "foreign_pod": to(FOREIGN_POD, "02"), "no_pod_named": to(POD),
                    "bls": "0x00" + "11" * 31}  # fmt: skip
        known = {
            VALIDATORS[name]: validator(VALIDATORS[name], 32 * GWEI + 1_234_567, credentials)
            for name, credentials in withdraw.items()
        }
        stub = Stub({SLOT: node("eth_getBlockByNumber", hex(HEIGHT), False)["hash"]}, {SLOT: known})
        with serving(stub) as url:
            endpoints = {"ethereum": Endpoint(node.url), "ethereum_beacon": Endpoint(url)}
            settings = pipeline.Session(
                root=folder / "lake", recording=Recording.record(folder / "recording"), endpoints=endpoints
            )
            (report,) = pipeline.archive(settings, "okx", str(path))
            pipeline.parse(settings, report)
            for network in pipeline.networks(settings, report):
                pipeline.observe(settings, report, network)
            pipeline.verify(settings, report)
            yield Month(settings, report, folder / "recording", stub)


def test_every_stated_owner_is_asked_for_and_the_answer_kept_whether_it_holds_or_not(month: Month) -> None:
    links = month.rows(OwnerLink, "ethereum")
    assert {
        (link.address, link.owner, link.relation, link.holds, link.threshold, link.owner_count) for link in links
    } == {
        (SAFE_2, A.account, "safe_owner", True, 2, 3),
        (SAFE_2, B.account, "safe_owner", True, 2, 3),
        (SAFE_ALONE, A.account, "safe_owner", True, 2, 3),
        (SAFE_3, A.account, "safe_owner", True, 3, 3),
        (SAFE_3, B.account, "safe_owner", True, 3, 3),
        (OWNED, A.account, "owner", True, 1, 1),
        (NOT_OURS, A.account, "owner", False, 1, 1),
        (LOOP, A.account, "none", False, None, None),
    }
    evidence = {link.address: (link.answer, link.height) for link in links}
    assert evidence[NOT_OURS] == (B.account, HEIGHT)


def test_validators_are_linked_by_their_withdrawal_credentials_and_by_their_pods(month: Month) -> None:
    links = month.rows(OwnerLink, "ethereum_beacon")
    names = {key: name for name, key in VALIDATORS.items()}
    assert {(names[link.address], link.owner, link.relation, link.holds) for link in links} == {
        ("native", A.account, "withdrawal_credentials", True),
        ("taken", A.account, "withdrawal_credentials", False),
        ("bls", A.account, "withdrawal_credentials", False),
        ("unknown", A.account, "withdrawal_credentials", False),
        ("pod", A.account, "pod_owner", True),
        ("pod", POD, "withdrawal_credentials", True),
        ("foreign_pod", A.account, "pod_owner", False),
        ("foreign_pod", FOREIGN_POD, "withdrawal_credentials", True),
        ("no_pod_named", A.account, "pod_owner", True),
    }
    assert all((link.threshold, link.owner_count, link.height) == (1, 1, HEIGHT) for link in links)
    answers = {(names[link.address], link.relation): link.answer for link in links}
    assert answers["taken", "withdrawal_credentials"] == to(B.account)
    assert answers["foreign_pod", "pod_owner"] == f"{to(FOREIGN_POD, '02')} {C.account}"
    assert answers["unknown", "withdrawal_credentials"] == "no such validator"


def test_validators_are_asked_about_once(month: Month) -> None:
    assert [count for _, _, count in month.stub.asked] == [len(VALIDATORS)]


def test_gwei_become_base_units_and_an_unknown_validator_is_unobserved(month: Month) -> None:
    found = {(balance.address, balance.component): balance.amount for balance in month.rows(Balance, "ethereum_beacon")}
    assert (
        found[VALIDATORS["native"], "total"]
        == found[VALIDATORS["native"], "validator"]
        == (32 * GWEI + 1_234_567) * GWEI
    )
    assert found[VALIDATORS["native"], "effective"] == 32 * 10**18
    unobserved = [(lost.address, lost.reason) for lost in month.rows(Unobserved, "ethereum_beacon")]
    assert unobserved == [(VALIDATORS["unknown"], "validator_unknown")]


def test_what_signatures_and_chain_say_together_decides_what_is_proven(month: Month, tmp_path: Path) -> None:
    def ask(sql: str) -> list[Any]:
        with duckdb.connect(str(tmp_path / "built.duckdb"), read_only=True) as connection:
            return connection.execute(f"set search_path = '{warehouse.SEARCH_PATH}'").execute(sql).fetchall()

    warehouse.prepare(tmp_path / "built.duckdb", warehouse.files_of(month.settings.lake))
    warehouse.dbt(
        tmp_path / "built.duckdb",
        tmp_path,
        "run",
        "--select",
        "+balance_reconciliation",
        "--vars",
        '{"build_id": "links"}',
    )
    claims = ask("select address, verdict, final_verdict, final_reason from core_claim")
    names = {address: name for name, address in VALIDATORS.items()} | {
        SAFE_2: "safe_2", SAFE_ALONE: "safe_alone", SAFE_3: "safe_3", OWNED: "owned", NOT_OURS: "not_ours",
        LOOP: "loop", C.account: "itself",
    }  # fmt: skip
    final = {names[address]: (verdict, final, reason) for address, verdict, final, reason in claims}
    confirmed = {name for name, row in final.items() if row == ("owner_signed", "proven", "owners_confirmed")}
    assert confirmed == {"safe_2", "owned", "native", "pod", "no_pod_named"}
    assert {
        name for name, row in final.items() if row == ("owner_signed", "owner_signed", "owner")
    } == final.keys() - confirmed - {"itself"}
    assert final["itself"][:2] == ("proven", "proven")
    status = dict(ask("select address, status from core_observation where network = 'ethereum_beacon'"))
    assert status[VALIDATORS["native"]] == "matched", "a published 32 is what counts as stake"
    shown = ask("select proved, proved_share from balance_reconciliation where network = 'ethereum'")
    assert shown == [(6, 27 / 28)], "the largest six of seven make up 95 %"


def test_a_replay_gives_the_same_links(month: Month, tmp_path: Path) -> None:
    again = pipeline.Session(root=tmp_path, recording=Recording.replay(month.recording))
    pipeline.archive(again, "okx", str(month.settings.root.parent / "okx_por_2026072200.csv"))
    pipeline.parse(again, month.report)
    for network in ("ethereum", "ethereum_beacon"):
        pipeline.observe(again, month.report, network)
        for dataset in (OwnerLink, Balance):
            (mine,), (theirs,) = (lake.pointers(dataset, network=network) for lake in (again.lake, month.settings.lake))
            assert mine.content == theirs.content


def test_a_beacon_node_without_the_state_fails_the_task_or_leaves_all_unobserved(month: Month, tmp_path: Path) -> None:
    hidden, month.stub.validators = month.stub.validators, {}
    try:
        again = pipeline.Session(root=tmp_path, endpoints=month.settings.endpoints)
        pipeline.archive(again, "okx", str(month.settings.root.parent / "okx_por_2026072200.csv"))
        pipeline.parse(again, month.report)
        with pytest.raises(Unavailable):
            pipeline.observe(again, month.report, "ethereum_beacon")
        assert not list(again.lake.rows(Balance))
        pipeline.observe(again, month.report, "ethereum_beacon", give_up=True)
    finally:
        month.stub.validators = hidden
    assert {lost.reason for lost in again.lake.rows(Unobserved)} == {"endpoint_failed"}
    assert not list(again.lake.rows(OwnerLink))


def test_rows_that_sign_for_the_row_above_name_its_owners(tmp_path: Path) -> None:
    """HTX: a contract's row is unsigned, and its signers stand below it."""
    path = tmp_path / "huobi_por_20240701.csv"
    below = [f"ETH,{key.account},-,-,htx,{key.signature}" for key in (A, B)]
    path.write_text("\n".join(["coin,snapshot " "height,balance", "ETH,7,1", "",
                               "coin,address,snapshot " "height,balance,message,signature",
                               f"ETH,{SAFE_2},7,1,-,-", *below, "ETH,0xnonsense,-,-,htx,0x00"]) + "\n")  # fmt: skip
    chosen = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(chosen, "htx", str(path))
    pipeline.parse(chosen, report)
    (account,) = links.stated(chosen.lake, chosen.lake.report(report), "ethereum", "ethereum")
    assert account == links.Stated(SAFE_2, (A.account, B.account), 7, "wallet")
