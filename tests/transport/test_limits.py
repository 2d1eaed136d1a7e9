"""Rates, numbers of questions at once, pauses: each border below, at and above it, by a clock of the test's own."""

from __future__ import annotations

import gc
import socket
import threading

import pytest

from porlake.errors import BadAnswer, RateLimited, TimedOut, TransportError
from porlake.transport import Endpoint, deadline, limits
from porlake.transport.limits import (
    WIDEN_AFTER,
    ConcurrencyLimiter,
    MalformedAnswer,
    RateLimiter,
    Retries,
    TransientFault,
    rate_limiter,
)


class Clock:
    """Time that passes where somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 1_000.0, list[float]()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    for module in (limits, deadline):
        monkeypatch.setattr(module, "time", found)
    return found


# --- rate -------------------------------------------------------------------------------------------------------------
def test_questions_are_put_evenly(clock: Clock) -> None:
    limiter, turns = RateLimiter(4), list[float]()
    for _ in range(4):
        limiter.wait()
        turns.append(clock.now - 1_000)
    assert turns == [0, 0.25, 0.5, 0.75]


def test_without_a_rate_nobody_waits(clock: Clock) -> None:
    limiter = RateLimiter(None)
    for _ in range(99):
        limiter.wait(10)
    assert clock.now == 1_000


@pytest.mark.parametrize(("passed", "waits"), [(0.2, 0.05), (0.25, 0.0), (0.3, 0.0)])
def test_a_turn_comes_when_the_one_before_is_over(clock: Clock, passed: float, waits: float) -> None:
    limiter = RateLimiter(4)
    limiter.wait()
    clock.now += passed
    limiter.wait()
    assert clock.slept[-1] == pytest.approx(waits)


@pytest.mark.parametrize("questions", [1, 2, 3])
def test_each_question_of_a_batch_counts(clock: Clock, questions: int) -> None:
    limiter = RateLimiter(4)
    limiter.wait(questions)
    limiter.wait()
    assert clock.slept == [0, questions / 4]


@pytest.mark.parametrize(("pause", "waits"), [(0.1, 0.25), (0.25, 0.25), (0.4, 0.4)])
def test_a_pause_holds_for_all_and_shortens_no_turn(clock: Clock, pause: float, waits: float) -> None:
    limiter = RateLimiter(4)
    limiter.wait()
    limiter.pause(pause)
    limiter.wait()
    assert clock.slept[-1] == pytest.approx(waits)


def test_a_place_and_its_rate_have_one_limiter_for_as_long_as_somebody_holds_it() -> None:
    one = rate_limiter("http://host/a", 4)
    assert rate_limiter("http://host/a", 4) is one
    assert rate_limiter("http://host/b", 4) is not one
    assert rate_limiter("http://host/a", 5) is not one
    held = len(limits._shared)
    del one
    gc.collect()
    assert len(limits._shared) < held


# --- questions at once ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("widest", "width"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2)])
def test_a_rate_limit_halves_how_many_are_under_way(widest: int, width: int) -> None:
    limiter = ConcurrencyLimiter(widest)
    assert limiter.width == widest
    limiter.narrow()
    assert limiter.width == width


@pytest.mark.parametrize(("good", "width"), [(WIDEN_AFTER - 1, 1), (WIDEN_AFTER, 2), (WIDEN_AFTER + 1, 2)])
def test_a_row_of_good_answers_makes_it_one_wider(good: int, width: int) -> None:
    limiter = ConcurrencyLimiter(2)
    limiter.narrow()
    for _ in range(good):
        limiter.widen()
    assert limiter.width == width
    for _ in range(3 * WIDEN_AFTER):
        limiter.widen()
    assert limiter.width == 2


def test_a_rate_limit_begins_the_row_anew() -> None:
    limiter = ConcurrencyLimiter(4)
    limiter.narrow()
    for _ in range(WIDEN_AFTER - 1):
        limiter.widen()
    limiter.narrow()
    limiter.widen()
    assert limiter.width == 1


@pytest.mark.parametrize("widest", [1, 2, 3])
def test_one_more_than_the_width_waits(widest: int) -> None:
    limiter, inside, go = ConcurrencyLimiter(widest), threading.Semaphore(0), threading.Event()

    def enter() -> None:
        with limiter:
            inside.release()
            go.wait(5)

    threads = [threading.Thread(target=enter) for _ in range(widest + 1)]
    for thread in threads:
        thread.start()
    assert all(inside.acquire(timeout=5) for _ in range(widest))
    assert not inside.acquire(timeout=0.05)
    go.set()
    assert inside.acquire(timeout=5)
    for thread in threads:
        thread.join()


# --- tries ------------------------------------------------------------------------------------------------------------
def asked(error: TransportError, failures: int, *, tries: int, pause: float = 0.5, patient: bool = True) -> int:
    """How many tries it took. Raises what was left after the last."""
    count = 0

    def ask() -> int:
        nonlocal count
        count += 1
        if count <= failures:
            raise error
        return count

    return Retries(Endpoint("http://host", tries=tries, pause=pause)).run(ask, patient=patient)


@pytest.mark.parametrize(
    ("error", "tries", "most", "public"),
    [
        (TransientFault("x"), 4, 4, TransportError), (TransientFault("x"), 1, 1, TransportError),
        (MalformedAnswer("x"), 4, 4, BadAnswer), (MalformedAnswer("x"), 2, 2, BadAnswer),
        (TimedOut("x"), 4, 2, TimedOut), (TimedOut("x"), 2, 2, TimedOut), (TimedOut("x"), 1, 1, TimedOut),
        (RateLimited("x"), 4, 8, RateLimited), (RateLimited("x"), 3, 6, RateLimited),
        (RateLimited("x"), 1, 2, RateLimited),
        (BadAnswer("x"), 4, 1, BadAnswer), (TransportError("x"), 4, 1, TransportError),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("clock")
def test_a_question_is_put_so_often_and_not_once_more(
    error: TransportError, tries: int, most: int, public: type[TransportError]
) -> None:
    for failures in range(most):
        assert asked(error, failures, tries=tries) == failures + 1
    for failures in (most, most + 1):
        with pytest.raises(public) as failed:
            asked(error, failures, tries=tries)
        assert type(failed.value) is public


@pytest.mark.usefixtures("clock")
def test_who_is_not_patient_is_told_of_a_time_out_at_once_and_of_nothing_else() -> None:
    with pytest.raises(TimedOut):
        asked(TimedOut("x"), 1, tries=4, patient=False)
    assert asked(TransientFault("x"), 3, tries=4, patient=False) == 4


def test_pauses_double(clock: Clock) -> None:
    assert asked(TransientFault("x"), 3, tries=4) == 4
    assert [least <= slept < 2 * least for least, slept in zip((0.5, 1, 2), clock.slept, strict=True)] == [True] * 3


@pytest.mark.parametrize(("wish", "waits"), [(0.0, 0.0), (59.0, 59.0), (60.0, 60.0), (61.0, 60.0)])
def test_a_server_names_its_pause_up_to_a_minute(clock: Clock, wish: float, waits: float) -> None:
    assert asked(RateLimited("x", wish), 1, tries=4) == 2
    assert clock.slept == [waits]


@pytest.mark.parametrize(("pause", "waits"), [(25.0, None), (60.0, 60.0), (61.0, 60.0)])
def test_no_pause_is_longer_than_a_minute(clock: Clock, pause: float, waits: float | None) -> None:
    assert asked(TransientFault("x"), 1, tries=4, pause=pause) == 2
    assert clock.slept == [waits] if waits else 25 <= clock.slept[0] < 50


def test_each_question_and_each_further_try_is_counted(clock: Clock) -> None:
    retries, faults = Retries(Endpoint("http://127.0.0.1:9", tries=3)), [TransientFault("x"), TransientFault("x")]

    def ask() -> None:
        retries.turn(5)
        if faults:
            raise faults.pop()

    before = limits.asked()
    retries.run(ask)
    assert limits.asked() - before == limits.Asked(questions=15, retries=2)


# --- deadlines --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("left", "over"), [(-0.5, True), (0.0, True), (0.5, False)])
def test_a_socket_keeps_to_its_deadline(clock: Clock, left: float, over: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, deadline.DeadlineSocket(fileno=ours.detach()) as stream:
        theirs.sendall(b"x")
        with deadline.deadline(clock.now + left):
            if over:
                with pytest.raises(TimeoutError):
                    stream.recv_into(bytearray(1))
            else:
                assert stream.recv_into(bytearray(1)) == 1
                assert stream.gettimeout() == left
        stream.settimeout(7)
        stream.sendall(b"y")  # no deadline is left behind
        assert stream.gettimeout() == 7
