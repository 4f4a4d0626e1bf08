"""An operator whose service listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bonafide.operator import Operator
from bonafide.operator_webhooks import Webhook
from tests.fakes.receiver import SECRET, Receiver, receiving


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
