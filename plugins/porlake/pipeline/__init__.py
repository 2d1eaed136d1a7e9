"""The stages, and what comes after what. The one place where the rooms meet; settings are read here, once.

    find -> fetch -> archive -> parse -> verify, prove, observe (one per network), price -> build -> publish
    sweep, at the moment of a snapshot, of what was claimed last; observe takes it when the report is there

Every stage reads what earlier stages wrote and replaces its own partition; running one again gives the same bytes.
Stages hand each other a report's id (or an attestation's); rows travel in the lake.
"""

from __future__ import annotations

from porlake.lake import csv_writer, export, forget, writable
from porlake.pipeline._archive import archive, archive_all
from porlake.pipeline._build import build, built, is_published, page, page_file, publish, published
from porlake.pipeline._exchanges import publisher_of
from porlake.pipeline._fetch import Fetched, fetch
from porlake.pipeline._files import files_at
from porlake.pipeline._find import Held, day, due, find, first_of, held, month_before, month_of, overdue
from porlake.pipeline._inbox import inbox, undated, waiting
from porlake.pipeline._lists import archive_list
from porlake.pipeline._observe import OBSERVED, attests, has_addresses, networks, observe
from porlake.pipeline._parse import PARSED, is_parsed, parse, parse_share, parse_shares
from porlake.pipeline._plan import observe_share, shares, together
from porlake.pipeline._price import attestations, awaits_prices, price
from porlake.pipeline._proofs import PROOF, archived, bundle_of
from porlake.pipeline._prove import is_proof, prove
from porlake.pipeline._run import run, run_archived, run_list, unobserved, unread
from porlake.pipeline._session import Session, session, with_dump
from porlake.pipeline._settings import moment
from porlake.pipeline._shrunk import shrunk
from porlake.pipeline._sweep import is_claimed, sweep, sweep_list, swept_networks, swept_now
from porlake.pipeline._upgrade import upgrade
from porlake.pipeline._upgrade_plan import NUMBER, Step, plan
from porlake.pipeline._verify import verdicts, verify

__all__ = [
    "NUMBER",
    "OBSERVED",
    "PARSED",
    "PROOF",
    "Fetched",
    "Held",
    "Session",
    "Step",
    "archive",
    "archive_all",
    "archive_list",
    "archived",
    "attestations",
    "attests",
    "awaits_prices",
    "build",
    "built",
    "bundle_of",
    "csv_writer",
    "day",
    "due",
    "export",
    "fetch",
    "files_at",
    "find",
    "first_of",
    "forget",
    "has_addresses",
    "held",
    "inbox",
    "is_claimed",
    "is_parsed",
    "is_proof",
    "is_published",
    "moment",
    "month_before",
    "month_of",
    "networks",
    "observe",
    "observe_share",
    "overdue",
    "page",
    "page_file",
    "parse",
    "parse_share",
    "parse_shares",
    "plan",
    "price",
    "prove",
    "publish",
    "published",
    "publisher_of",
    "run",
    "run_archived",
    "run_list",
    "session",
    "shares",
    "shrunk",
    "sweep",
    "sweep_list",
    "swept_networks",
    "swept_now",
    "together",
    "undated",
    "unobserved",
    "unread",
    "upgrade",
    "verdicts",
    "verify",
    "waiting",
    "with_dump",
    "writable",
]
