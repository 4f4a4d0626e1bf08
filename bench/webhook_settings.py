"""The product's own settings with one more address, for ``bench.webhook`` alone."""

from bonafide.settings import *  # noqa: F403

ROOT_URLCONF = "bench.webhook_urls"
