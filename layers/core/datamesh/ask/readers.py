"""Sessions under the reader roles of the domains, made once and renewed before they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import boto3

from datamesh.aws import session_for_role

__all__ = ["ReaderSessions"]

_KEPT = 3_300.0  # seconds of the hour that a session is valid


class ReaderSessions:
    """One session for each role. Safe between threads: the first to need a role assumes it, others wait for that."""

    def __init__(
        self,
        assume: Callable[[str, str], boto3.Session] = session_for_role,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._assume = assume
        self._clock = clock
        self._locks: dict[str, threading.Lock] = {}
        self._known: dict[str, tuple[boto3.Session, float]] = {}

    def session(self, role_arn: str) -> boto3.Session:
        """Raises what STS raises when the role does not let us in."""
        with self._locks.setdefault(role_arn, threading.Lock()):
            session, until = self._known.get(role_arn, (None, 0.0))
            if session is None or self._clock() >= until:
                session = self._assume(role_arn, "datamesh-ask")
                self._known[role_arn] = (session, self._clock() + _KEPT)
            return session
