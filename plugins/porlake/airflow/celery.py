"""Options of Celery's workers, for `[celery] celery_config_options`: what every task of porlake imports, a worker
imports once, before it forks for them.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG

CONFIG: dict[str, Any] = {**DEFAULT_CELERY_CONFIG, "imports": ("porlake.airflow.tasks",)}
