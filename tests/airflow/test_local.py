"""What a person sees of one run on the embedded default."""

from __future__ import annotations

from itertools import count

from porlake.airflow import local


def log(*tasks: tuple[str, str]) -> list[str]:
    lines = []
    for name, ended in tasks:
        lines += [
            f"[DAG TEST] starting task_id={name} map_index=-1\n",
            "a line of the task's own\n",
            f"Task instance state updated dag_id=x new_state={ended} task_id={name}\n",
        ]
    return lines


def told(*tasks: tuple[str, str]) -> list[str]:
    return "".join(local.told(log(*tasks), map(float, count()).__next__)).splitlines()


def test_a_task_is_a_line_and_its_instances_are_counted() -> None:
    assert told(("archive", "success"), ("parse", "success"), ("parse", "success"), ("parse", "failed")) == [
        "  archive                         success, 1.0 s",
        "  parse                           1 failed, 2 success, 1.0 s",
    ]


def test_networks_that_were_skipped_are_one_line_at_the_end() -> None:
    tasks = [("observe_tron", "success"), ("observe_ton", "skipped"), ("verify", "skipped"), ("observe_sui", "skipped")]
    assert told(*tasks, ("observe_bsc", "failed")) == [
        "  observe_tron                    success, 1.0 s",
        "  verify                          skipped, 1.0 s",
        "  observe_bsc                     failed, 1.0 s",
        "  2 networks                      skipped: no claims, or nothing read",
    ]


def test_a_log_without_a_task_says_nothing() -> None:
    assert told() == []
    assert told(("observe_ton", "skipped")) == ["  1 networks                      skipped: no claims, or nothing read"]
