"""A client of Etter's API as anybody would write one: plain HTTP through the ingress."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

T = TypeVar("T")
Json = dict[str, Any]  # Any: what the API's JSON holds
_FINAL = ("succeeded", "failed", "cancelled")
_POLL_S = 0.05
_PATIENCE_S = 60


class JourneyError(Exception):
    """The API answered with a problem, or something did not happen in time; the text is for people."""


class _Patient(httpx2.HTTPTransport):
    """Asks again when a service that has too much to do, or waits for another one, says when."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            response = super().handle_request(request)
            pause = response.headers.get("retry-after", "")
            if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE or not pause.isdecimal():
                return response
            if time.monotonic() + int(pause) > deadline:
                return response
            response.close()
            time.sleep(int(pause))


class Client:
    """One signed-in person."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self._http = httpx2.Client(base_url=url, timeout=60, transport=_Patient())
        tokens = self.post("/api/auth/v1/sessions", {"email": email, "password": password})
        self._http.headers["authorization"] = f"Bearer {tokens['access_token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, **params: object) -> Any:
        return self._call("GET", path, params=params)["data"]

    def get_versioned(self, path: str) -> tuple[Json, str]:
        """With the ETag that a change of it has to name."""
        response = self._answer("GET", path)
        return response.json()["data"], response.headers["etag"]

    def get_all(self, path: str, **params: object) -> list[Json]:
        """All pages of a list."""
        page = self._call("GET", path, params={"limit": 200, **params})
        rows: list[Json] = page["data"]
        while page["meta"]["has_more"]:
            page = self._call("GET", path, params={"limit": 200, **params, "cursor": page["meta"]["next_cursor"]})
            rows += page["data"]
        return rows

    def post(self, path: str, body: Json | None = None, *, if_match: str | None = None) -> Json:
        headers = {"If-Match": if_match} if if_match else {}
        data: Json = self._call("POST", path, json=body or {}, headers=headers)["data"]
        return data

    def patch(self, path: str, body: Json, *, if_match: str) -> Json:
        data: Json = self._call("PATCH", path, json=body, headers={"If-Match": if_match})["data"]
        return data

    def upload(self, path: str, file: Path) -> Json:
        with file.open("rb") as content:
            data: Json = self._call("POST", path, files={"file": (file.name, content)})["data"]
        return data

    def follow(self, job: str, on_progress: Callable[[Json], None]) -> Json:
        """Read a job's server-sent events until it has ended; returns the job. A job that fails raises."""
        with self._http.stream("GET", f"{job}/events", timeout=httpx2.Timeout(60)) as stream:
            if stream.is_error:
                stream.read()
                raise JourneyError(_problem(stream))
            for event in _events(stream.iter_lines()):
                on_progress(event)
                if event["status"] in _FINAL:
                    break
        ended: Json = self.get(job)
        if ended["status"] != "succeeded":
            raise JourneyError(f"{job} {ended['status']}: {ended.get('error_code')} {ended.get('error_detail') or ''}")
        return ended

    def _call(self, method: str, path: str, **kwargs: Any) -> Json:
        body: Json = self._answer(method, path, **kwargs).json()
        return body

    def _answer(self, method: str, path: str, **kwargs: Any) -> httpx2.Response:  # Any: what httpx2 takes
        response = self._http.request(method, path, **kwargs)
        if response.is_error:
            raise JourneyError(_problem(response))
        return response


def eventually(look: Callable[[], T | None], what: str, *, timeout_s: float = 30) -> T:
    """Ask again until `look` gives something; what arrives by event arrives a moment later."""
    deadline = time.monotonic() + timeout_s
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise JourneyError(f"{what}: did not happen within {timeout_s:.0f} s")
        time.sleep(_POLL_S)
    return found


def _events(lines: Iterator[str]) -> Iterator[Json]:
    for line in lines:
        if line.startswith("data:"):
            yield json.loads(line[5:])


def _problem(response: httpx2.Response) -> str:
    what = f"{response.request.method} {response.request.url.path}: {response.status_code}"
    try:
        problem = response.json()
    except ValueError:
        return f"{what} {response.text[:200]}"
    reasons = "; ".join(f"{error['pointer']} {error['message']}" for error in problem.get("errors", []))
    return f"{what} {problem.get('code')}: {problem.get('detail') or problem.get('title')} {reasons}".rstrip()
