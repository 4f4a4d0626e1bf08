"""Mail servers that are in no mood."""

from smtplib import SMTPRecipientsRefused

from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend


class Away(BaseEmailBackend):
    """Nobody answers."""

    def send_messages(self, messages):
        raise ConnectionRefusedError("nobody there")


class Choosy(BaseEmailBackend):
    """Takes everything but letters to one address."""

    def send_messages(self, messages):
        for message in messages:
            if message.to == ["full@example.com"]:
                raise SMTPRecipientsRefused({"full@example.com": (452, b"mailbox full")})
            mail.outbox.append(message)
        return len(messages)
