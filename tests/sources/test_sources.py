"""Every exchange has a source or words for a person; every source has what a source must, and a case."""

from __future__ import annotations

import re
from pathlib import Path

from porlake import registry, sources

HERE = Path(__file__).parent


def test_every_exchange_has_a_source_or_words_for_a_person() -> None:
    facts = registry.load()
    assert set(facts.publications) == set(facts.exchanges)
    named = {row.source for row in facts.publications.values() if not row.is_manual}
    assert named == set(sources.SOURCES)
    for row in facts.publications.values():
        assert row.how, row.exchange
        if row.is_manual:
            assert "of our own form" in row.how  # which `porlake find` shows


def test_a_source_is_of_its_exchange_and_of_hosts_that_it_pins() -> None:
    for name, source in sources.SOURCES.items():
        assert registry.load().publications[name].source == name
        assert source.HOSTS
        assert all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+(/[\w.-]+)?", host) for host in source.HOSTS)


def test_every_source_has_a_case() -> None:
    told = "\n".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py") if path != Path(__file__))
    assert [name for name in sources.SOURCES if f'find("{name}"' not in told] == []
