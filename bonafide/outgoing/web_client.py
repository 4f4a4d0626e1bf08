"""HTTP to a host that the door opens for: encrypted, within limits, without proxies, kept cookies or redirects to elsewhere."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util import SKIP_HEADER

from bonafide.outgoing.client import NotDeclared, reaching
from bonafide.outgoing.guard import bare, is_here

LARGEST = 2**20  # bytes of an answer
_CHUNK = 8192


class TooLarge(requests.RequestException):
    """The answer is larger than anything that was asked for."""


class Elsewhere(requests.RequestException):
    """The answer is a redirect to another host."""


class NotSent(requests.ConnectionError):
    """The door stays shut: the host was not declared, or would be spoken to in the clear."""


class Unanswered(Exception):
    """Nothing came back that can be used; the text is a short reason. ``sent`` says whether what was asked may have left."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def trusted() -> ssl.SSLContext:
    """The certificates that are trusted, read once for several sessions."""
    return ssl.create_default_context()


class Session(requests.Session):
    """What libraries that speak ``requests`` are given. ``seconds`` is for a whole exchange, ``largest`` for an answer in bytes.

    Certificates are verified by those that the system trusts and those of ``certifi``; ``SSL_CERT_FILE`` names one of your own.
    Reading them takes some 20 ms: who makes many sessions may give them one ``trust``.
    """

    def __init__(self, *, seconds: float, largest: int = LARGEST, trust: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.trust_env = False  # neither proxies nor passwords of the environment
        self.max_redirects = 3
        self.headers["User-Agent"] = SKIP_HEADER
        adapter = _Adapter(seconds=seconds, largest=largest, trust=trust or trusted())
        for scheme in ("https://", "http://"):
            self.mount(scheme, adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """:raises Elsewhere:"""
        target = super().get_redirect_target(resp)
        if target:
            before, after = urlsplit(resp.url), urlsplit(urljoin(resp.url, target))
            if (before.scheme, before.netloc) != (after.scheme, after.netloc):
                raise Elsewhere(f"redirected to {after.hostname}", response=resp)
        return target


class _Adapter(HTTPAdapter):
    """One exchange, through the door."""

    def __init__(self, *, seconds: float, largest: int, trust: ssl.SSLContext) -> None:
        self.seconds, self.largest, self.trust = seconds, largest, trust
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self.trust, **kwargs)

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        """The answer, read whole.

        :raises requests.RequestException: also for a host that was not declared.
        """
        parts = urlsplit(request.url or "")
        host = parts.hostname or ""
        if parts.scheme != "https" and not is_here(bare(host)):
            raise NotSent(f"{parts.scheme}://{host} is not encrypted", request=request)
        options |= {"stream": True, "verify": True, "timeout": self.seconds, "proxies": {}}
        until = time.monotonic() + self.seconds
        try:
            with reaching(host=host):
                response = super().send(request, **options)
                response._content = self._read(response, until)
                response._content_consumed = True
        except NotDeclared as refusal:
            raise NotSent(refusal, request=request) from refusal
        return response

    def _read(self, response: requests.Response, until: float) -> bytes:
        """What comes, as it comes: whoever sends a byte a minute is given up as well."""
        received = bytearray()
        try:
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                received += chunk
                if len(received) > self.largest:
                    raise TooLarge("the answer is too large", response=response)
                if time.monotonic() > until:
                    raise requests.ReadTimeout("the answer does not end", response=response)
        except (HTTPError, OSError) as error:
            if isinstance(error, requests.RequestException):
                raise
            raise requests.ConnectionError(error, response=response) from error
        finally:
            response.close()
        return bytes(received)


def post(*, url: str, body: bytes, headers: dict[str, str], seconds: float, largest: int = LARGEST) -> Answer:
    """Send ``body`` and give what comes back, whatever its status; a redirect is an answer and is not followed.

    :raises Unanswered:
    """
    try:
        with Session(seconds=seconds, largest=largest) as session:
            given = session.post(url, data=body, headers=headers, allow_redirects=False)
            return Answer(given.status_code, given.content)
    except NotSent as error:
        raise Unanswered(f"refused: {error}", sent=False) from None
    except requests.ConnectTimeout:
        raise Unanswered("time-out", sent=False) from None
    except requests.Timeout:
        raise Unanswered("time-out", sent=True) from None
    except TooLarge as error:
        raise Unanswered(str(error), sent=True) from None
    except requests.RequestException as error:
        chain = _chain(error)
        unsent = any(isinstance(one, NewConnectionError | ssl.SSLCertVerificationError | ValueError) for one in chain)
        raise Unanswered(f"no connection: {type(chain[-1]).__name__}", sent=not unsent) from None


def _chain(error: BaseException) -> list[BaseException]:
    """The error, what it came from, and so on, down to what happened."""
    found = [error]
    while (before := found[-1].__cause__ or found[-1].__context__) is not None and before not in found:
        found.append(before)
    return found
