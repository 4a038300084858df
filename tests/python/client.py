"""An agent made of the official Python client, which tries the newer era first and falls back by itself.

It does one tour (below) at one server, and prints what it saw as one line of JSON: the same tour gives the same line
wherever the server is reached.

    python client.py '{"tour": "clock", "era": "auto", "reach": {"url": ..., "token": ...}, "given": {...}}'

`reach` is an address with a token, or a command with its arguments.
"""

import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import mcp_types as types
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from pydantic import BaseModel

PATIENCE = 60
# Times of day and random ids differ from run to run.
CHANGES = [
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "an-id"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"), "a-time"),
    (re.compile(r"\b\d{1,2}:\d\d:\d\d [AP]M"), "a-time"),
    (re.compile(r'(day_of_week\W+)\w+day'), r"\1a-day"),
]


class Notebook:
    """What the client saw: what came back for each step, and what the server sent or asked by itself."""

    def __init__(self, own: dict[str, str]) -> None:
        self.own = own
        self.steps: list[dict[str, Any]] = []
        self.heard: list[tuple[str, Any]] = []
        self.news = anyio.Event()

    def write(self, step: str, saw: Any) -> None:
        self.steps.append({"step": step, "saw": plain(saw)})

    async def see(self, step: str, coming: Awaitable[Any]) -> Any:
        try:
            value = await coming
        except MCPError as error:
            self.write(step, {"failed": error.error.code, "message": error.error.message, "data": error.error.data})
            return None
        self.write(step, value)
        return value

    def hear(self, method: str, params: Any) -> None:
        self.heard.append((method, plain(params)))
        self.news.set()
        self.news = anyio.Event()

    async def until(self, method: str, fits: Callable[[Any], bool] = lambda _: True, mark: int = 0) -> Any:
        """The parameters of the first message of the method that fits, once it is there."""
        with anyio.fail_after(PATIENCE):
            while True:
                news = self.news
                for heard, params in self.heard[mark:]:
                    if heard == method and fits(params):
                        return params
                await news.wait()

    def text(self) -> str:
        text = json.dumps(self.steps, sort_keys=True, ensure_ascii=False)
        for name, own in self.own.items():
            text = text.replace(own, f"{{{name}}}")
        for pattern, word in CHANGES:
            text = pattern.sub(word, text)
        return text


def plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def text_of(result: types.CallToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, types.TextContent))


def connection(job: dict[str, Any], notebook: Notebook) -> Client:
    async def sampling(_: Any, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        notebook.hear("sampling/createMessage", params)
        words = types.TextContent(type="text", text=f"I was asked: {params.messages[-1].content.text}")
        return types.CreateMessageResult(role="assistant", content=words, model="a-model", stop_reason="endTurn")

    async def elicitation(_: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        notebook.hear("elicitation/create", params)
        if isinstance(params, types.ElicitRequestURLParams):
            return types.ElicitResult(action="accept")
        kinds = {"string": "Zoë", "integer": 7, "boolean": True}
        fields = params.requested_schema["properties"].items()
        usual = {
            name: kinds[field["type"]]
            for name, field in fields
            if field.get("type") in kinds and not {"format", "enum", "oneOf"} & field.keys()
        }
        return types.ElicitResult(action="accept", content=usual)

    async def roots(_: Any) -> types.ListRootsResult:
        notebook.hear("roots/list", {})
        return types.ListRootsResult(roots=[types.Root(uri="file:///srv/one", name="One")])

    async def logged(params: types.LoggingMessageNotificationParams) -> None:
        notebook.hear("notifications/message", params)

    async def message(message: Any) -> None:
        if isinstance(message, BaseModel):
            notebook.hear(message.method, getattr(message, "params", None) or {})

    reach = job["reach"]
    if "command" in reach:
        env = {**os.environ, **reach.get("env", {})}
        target = StdioServerParameters(command=reach["command"], args=reach["args"], env=env)
    else:
        headers = {"Authorization": f"Bearer {reach['token']}"} if reach.get("token") else {}
        target = streamable_http_client(reach["url"], http_client=create_mcp_http_client(headers=headers))
    return Client(
        target,
        mode=job["era"],
        read_timeout_seconds=PATIENCE,
        sampling_callback=sampling,
        elicitation_callback=elicitation,
        list_roots_callback=roots,
        logging_callback=logged,
        log_level="debug",
        message_handler=message,
        client_info=types.Implementation(name="tour", version="1.0.0"),
    )


async def main() -> None:
    import tours

    job = json.loads(sys.argv[1])
    given = job.get("given") or {}
    notebook = Notebook(given)
    try:
        async with connection(job, notebook) as client:
            connected = {
                "version": client.protocol_version,
                "server": plain(client.server_info),
                "capabilities": plain(client.server_capabilities),
                "instructions": client.instructions,
            }
            notebook.write("connected", connected)
            await getattr(tours, job["tour"])(client, notebook, given)
    except BaseException:
        print("until then:", notebook.text(), file=sys.stderr)
        raise
    print(notebook.text(), flush=True)


if __name__ == "__main__":
    anyio.run(main)
