"""Plain HTTP without a browser's kindness: cookies are what the test says, and a connection stays with its worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import ClassVar
from urllib.parse import urlencode

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


@dataclass
class Answer:
    status: int
    location: str
    worker: str
    set_cookies: list[str]
    body: str

    @property
    def asks_to_sign_in(self) -> bool:
        return self.status == 302 and self.location.startswith("/account/login/")


@dataclass
class Caller:
    """One connection, kept open, and the cookies that it sends."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    prefix: str = ""  # of every cookie's name

    open: ClassVar[list[Caller]] = []

    def __post_init__(self) -> None:
        self.connection = HTTPConnection("localhost", self.port, timeout=60)
        self.open.append(self)

    @classmethod
    def close_all(cls) -> None:
        """At the end of a test: nobody else does."""
        while cls.open:
            cls.open.pop().connection.close()

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, **fields: str) -> Answer:
        """A form as our pages send it."""
        token = f"{self.prefix}csrftoken"
        if token not in self.cookies:
            self.get("/account/login/")
        fields["csrfmiddlewaretoken"] = self.cookies[token]
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "User-Agent": FIREFOX}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, {**sent, **self.headers})
        answer = self.connection.getresponse()
        given: dict[str, str] = {}
        lines = answer.headers.get_all("Set-Cookie") or []
        for line in lines:
            given |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        for name, value in given.items():
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        text = answer.read().decode("utf-8", "replace")
        return Answer(answer.status, answer.headers.get("Location", ""), answer.headers.get("X-Worker", ""), lines, text)


def sign_in(port: int, login: str, password: str) -> Caller:
    """:raises AssertionError: when the console does not let them in."""
    caller = Caller(port)
    answer = caller.post("/account/login/", login=login, password=password)
    assert answer.status == 302, answer.body
    assert "session" in caller.cookies, answer
    return caller
