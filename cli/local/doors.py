"""What the emulator's process answers beside AWS: JSON at paths of the mesh's own, as an ASGI application does."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

__all__ = ["App", "answer", "telling"]

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def telling(app: App, path: str, tell: Callable[[dict[str, str]], Any]) -> App:
    """`app`, which answers at `path` with what `tell` makes of the query."""

    async def told(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != path:
            await app(scope, receive, send)
            return
        query = dict(parse_qsl(scope.get("query_string", b"").decode()))
        await answer(send, 200, {"content-type": "application/json"}, json.dumps(tell(query)).encode())

    return told


async def answer(send: Any, status: int, headers: Mapping[str, str], body: bytes) -> None:
    told = {**headers, "content-length": str(len(body))}
    lines = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
