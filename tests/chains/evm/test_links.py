"""Whether stated owners control a contract: asked of contracts on a real node, honest ones and hostile ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chains.anvil_node import Change, Node, anvil, changing, needs_anvil
from chains.contracts import ENDLESS, INVALID, ONE_WORD, SAFE, ZEROS, assemble, safe_storage
from porlake import chains, registry
from porlake.chains.evm import links as evm_links
from porlake.errors import BadAnswer, RequestFailed
from porlake.transport import Endpoint, Recording

pytestmark = [pytest.mark.node, needs_anvil]

ETHEREUM = registry.load().networks["ethereum"]
A, B, C = ("0x" + letter * 40 for letter in "abc")
HEIGHT = 2


def place(number: int) -> str:
    return f"0x{0xC0DE0000 + number:040x}"


def answering(data: bytes) -> str:
    """Code that returns these bytes, whatever is asked."""
    size = len(data).to_bytes(2, "big").hex()
    return f"0x61{size}600e60003961{size}6000f3" + data.hex()


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)


#: Contracts: code, storage, and what is expected of them: relation, owners, threshold.
CONTRACTS: dict[str, tuple[str, list[tuple[int, int]], tuple[str, tuple[str, ...], int | None]]] = {
    "a Safe of two of three": (assemble(SAFE), list(safe_storage([A, B, C], 2)), ("safe_owner", (A, B, C), 2)),
    "a Safe of one": (assemble(SAFE), list(safe_storage([A], 1)), ("safe_owner", (A,), 1)),
    "a Safe that nobody has set up": (assemble(SAFE), [], ("none", (), None)),
    "a Safe whose threshold is zero": (assemble(SAFE), list(safe_storage([A], 0)), ("safe_owner", (), 0)),
    "a Safe whose threshold nobody can reach": (assemble(SAFE), list(safe_storage([A, B], 3)), ("safe_owner", (), 3)),
    "Ownable": (assemble(ONE_WORD.format(call="owner()")), [(0, int(A, 16))], ("owner", (A,), 1)),
    "Ownable, renounced": (assemble(ONE_WORD.format(call="owner()")), [], ("none", (), None)),
    "Ownable by what is no address": (assemble(ONE_WORD.format(call="owner()")), [(0, 1 << 200)], ("none", (), None)),
    "a pod": (assemble(ONE_WORD.format(call="podOwner()")), [(0, int(B, 16))], ("pod_owner", (B,), 1)),
    "no code": ("0x", [], ("none", (), None)),
    "code that runs for ever": (assemble(ENDLESS), [], ("none", (), None)),
    "an invalid opcode": (assemble(INVALID), [], ("none", (), None)),
    "zeros for everything": (assemble(ZEROS), [], ("none", (), None)),
    "one word for everything": (answering(words(int(A, 16))), [], ("owner", (A,), 1)),
    "a list for everything": (answering(words(32, 1, int(A, 16))), [], ("none", (), None)),
    "half a word": (answering(bytes(16)), [], ("none", (), None)),
}  # fmt: skip


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with anvil() as running:
        for number, (code, storage, _) in enumerate(CONTRACTS.values()):
            running("anvil_setCode", place(number), code)
            for slot, value in storage:
                running("anvil_setStorageAt", place(number), f"0x{slot:064x}", f"0x{value:064x}")
        running.mine(HEIGHT + 1)
        for number in range(len(CONTRACTS)):  # what happens later must not be seen
            running("anvil_setCode", place(number), assemble(INVALID))
        running.mine(2)
        yield running


def asked(node: Node) -> tuple[evm_links.OwnerReader, chains.BlockRef]:
    at = chains.open_client(ETHEREUM, Endpoint(node.url), Recording.off()).block(HEIGHT)
    return evm_links.open_owner_reader(ETHEREUM, Endpoint(node.url), Recording.off()), at


def test_what_each_contract_says_of_its_owners_at_the_block(node: Node) -> None:
    asker, at = asked(node)
    found = list(asker.controls([place(number) for number in range(len(CONTRACTS))], at))
    assert {name: (c.relation, c.owners, c.threshold) for name, c in zip(CONTRACTS, found, strict=True)} == {
        name: expected for name, (_, _, expected) in CONTRACTS.items()
    }
    assert (found[0].answer, found[0].method) == (f"2 of {A},{B},{C}", "eth_call getThreshold() getOwners()")
    assert [c.address for c in found] == [place(number) for number in range(len(CONTRACTS))]


def test_the_owners_of_pods(node: Node) -> None:
    asker, at = asked(node)
    numbers = {name: place(number) for number, name in enumerate(CONTRACTS)}
    pods = [numbers[name] for name in ("a pod", "no code", "code that runs for ever", "Ownable")]
    assert list(asker.pod_owners(pods, at).values()) == [B, None, None, None]


REFUSED = {"code": -32602, "message": "invalid argument 1: json: cannot unmarshal object into Go value of type string"}


def refusing(refused: Callable[[Any], bool]) -> Change:
    def change(question: dict[str, Any], answer: Any) -> Any:
        if question["method"] == "eth_call" and refused(question["params"][1]):
            raise LookupError(REFUSED)
        return answer

    return change


def test_an_endpoint_that_takes_no_hash_is_asked_by_number(node: Node) -> None:
    _, at = asked(node)
    with changing(node, refusing(lambda block: isinstance(block, dict))) as url:
        found = list(
            evm_links.open_owner_reader(ETHEREUM, Endpoint(url), Recording.off()).controls([place(0), place(5)], at)
        )
    assert [control.owners for control in found] == [(A, B, C), (A,)]


def test_an_endpoint_that_refuses_both_is_an_error_and_no_answer(node: Node) -> None:
    _, at = asked(node)
    with changing(node, refusing(lambda block: True)) as url, pytest.raises(RequestFailed, match="cannot unmarshal"):
        list(evm_links.open_owner_reader(ETHEREUM, Endpoint(url), Recording.off()).controls([place(0)], at))


@pytest.mark.parametrize("answer", [None, 7, [], "0xzz", "0x1"])
def test_an_answer_that_is_no_hex_is_an_error_and_no_answer(node: Node, answer: object) -> None:
    _, at = asked(node)
    with changing(node, lambda question, real: answer) as url, pytest.raises(BadAnswer):
        list(evm_links.open_owner_reader(ETHEREUM, Endpoint(url), Recording.off()).controls([place(0)], at))
