"""An operator whose service listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from bonafide.operator import Operator
from bonafide.operator_webhooks import Webhook
from tests.fakes.receiver import SECRET, Receiver, receiving

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _it_is_now() -> Iterator[None]:
    """Receivers compare the time that an event was sent with their clock."""
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def listens(settings: Any) -> Iterator[Callable[..., Receiver]]:
    """Call it for a receiver that the operator's file names: ``listens("service", events=("invoice.paid",))``."""
    with ExitStack() as stack:

        def named(code: str = "service", **values: Any) -> Receiver:
            receiver = stack.enter_context(receiving())
            endpoint = Webhook(id=code, url=receiver.url, **values)
            operator: Operator = settings.OPERATOR
            settings.OPERATOR = operator.model_copy(update={"webhooks": (*operator.webhooks, endpoint)})
            settings.WEBHOOK_SECRETS = {**settings.WEBHOOK_SECRETS, code: SECRET}
            return receiver

        yield named
