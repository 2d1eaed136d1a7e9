"""Publishers on loopback are asked as fast as they answer; `transport/test_web.py` has how real ones are asked."""

from __future__ import annotations

import pytest

from porlake.transport import web


@pytest.fixture(autouse=True)
def _nobody_is_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PER_SECOND", 10_000.0)
    monkeypatch.setattr(web, "PAUSE", 0.001)
