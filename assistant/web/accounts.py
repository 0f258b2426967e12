"""Signing in: how people are known here, and the pages to sign in and out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import secrets
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.requests import HTTPConnection

from assistant.accounts import Person, Throttle, Users
from assistant.records.types import Sessions
from assistant.web import render
from assistant.web.access import Visitor
from assistant.web.languages import local
from assistant.web.site import Site
from assistant.web.speech import said

SIGN_IN = "/sign-in"
COOKIE = "session"
LASTS = timedelta(days=7)
_LONGEST_NAME = 200


class ThrottledError(Exception):
    """Too many attempts to sign in; `seconds` until the next one."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = max(1, math.ceil(seconds))


class Accounts:
    """How people are known here: by a proxy's header, by a session, or by name and password with each call.

    `header` is believed as it comes: who it comes from is looked at before (`door.py`). `staff` names the staff
    among those whom a proxy vouches for.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        users: Users | None = None,
        header: str | None = None,
        staff: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.users = users
        self.header = header.lower() if header else None
        self._sessions = sessions
        self._staff = frozenset(staff)
        self._throttle = Throttle(clock)

    def visitor(self, connection: HTTPConnection) -> Visitor:
        """Who makes a request.

        Raises ThrottledError, and UserError where the users or the sessions cannot be read.
        """
        if self.header and (named := _one(connection, self.header)):
            return Visitor(self._vouched(named), signs_in=True)
        if person := self._by_session(connection):
            return Visitor(person, signs_in=True, signs_out=True)
        return Visitor(self._by_password(connection), signs_in=True)

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """A new session's token; None where name or password is wrong. Raises ThrottledError and UserError."""
        if self._verified(name, password, address) is None:
            return None
        token = secrets.token_urlsafe(32)
        self._sessions.begin_session(_digest(token), name, datetime.now(UTC) + LASTS)
        return token

    def sign_out(self, token: str) -> None:
        self._sessions.end_session(_digest(token))

    def _vouched(self, name: str) -> Person:
        known = self.users.person(name) if self.users and self.users.path.exists() else None
        is_staff = name in self._staff or (known is not None and known.is_staff)
        return Person(name, "staff" if is_staff else "member")

    def _by_session(self, connection: HTTPConnection) -> Person | None:
        token = connection.cookies.get(COOKIE)
        if token is None or self.users is None:
            return None
        name = self._sessions.session(_digest(token), datetime.now(UTC))
        # A person who was removed is known no longer, and a role may have changed since.
        return self.users.person(name) if name else None

    def _by_password(self, connection: HTTPConnection) -> Person | None:
        given = _basic(connection.headers.get("authorization", ""))
        if given is None or self.users is None:
            return None
        return self.users.remembered(*given) or self._verified(*given, address_of(connection))

    def _verified(self, name: str, password: str, address: str) -> Person | None:
        if self.users is None:
            return None
        by_name, by_address = f"name {name}", f"address {address}"
        if wait := self._throttle.attempt(by_name, by_address):
            raise ThrottledError(wait)
        found = self.users.verify(name, password)
        if found:
            # Many people may share an address.
            self._throttle.forgive(by_address)
        return found


def address_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def router(site: Site, accounts: Accounts) -> APIRouter:
    """The pages to sign in and out."""
    routes = APIRouter()

    @routes.get(SIGN_IN)
    def form(address: Annotated[str, Query(alias="next")] = "/") -> Response:
        return _form(site, accounts, local(address))

    @routes.post(SIGN_IN)
    def sign_in(
        request: Request,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        address: Annotated[str, Form(alias="next")] = "/",
    ) -> Response:
        try:
            token = accounts.sign_in(name.strip(), password, address_of(request))
        except ThrottledError as error:
            return _form(site, accounts, local(address), name, too_often(error), 429, error.seconds)
        if token is None:
            return _form(site, accounts, local(address), name, said("Name or password is wrong: try again."), 401)
        answer = RedirectResponse(local(address), status_code=303)
        is_secure = request.url.scheme == "https"
        lasts = int(LASTS.total_seconds())
        answer.set_cookie(COOKIE, token, max_age=lasts, httponly=True, samesite="lax", secure=is_secure)
        return answer

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        if token := request.cookies.get(COOKIE):
            accounts.sign_out(token)
        answer = RedirectResponse(SIGN_IN, status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return answer

    return routes


def too_often(error: ThrottledError) -> str:
    return said("Too many attempts to sign in: wait {seconds} seconds.", seconds=error.seconds)


def _form(
    site: Site,
    accounts: Accounts,
    address: str,
    name: str = "",
    problem: str | None = None,
    status: int = 200,
    wait: int = 0,
) -> Response:
    values = {"address": address, "name": name, "problem": problem, "by_proxy": accounts.users is None}
    page = render.page(site, "sign_in.html", SIGN_IN, **values)
    return HTMLResponse(page, status_code=status, headers={"Retry-After": str(wait)} if wait else None)


def _one(connection: HTTPConnection, header: str) -> str | None:
    """What a header says; None where it is said twice, since then one of them is not the proxy's."""
    found = connection.headers.getlist(header)
    if len(found) != 1:
        return None
    # A header's bytes are read as Latin-1; proxies send names in UTF-8.
    name = found[0].encode("latin-1").decode("utf-8", "replace").strip()
    return name if 0 < len(name) <= _LONGEST_NAME and name.isprintable() else None


def _basic(header: str) -> tuple[str, str] | None:
    """Name and password of HTTP Basic (RFC 7617).

    >>> _basic("Basic YW5hOm9wZW46c2VzYW1l"), _basic("Bearer x"), _basic("Basic ?")
    (('ana', 'open:sesame'), None, None)
    """
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
