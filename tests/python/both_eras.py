"""An upstream of both eras made with the official Python SDK; over HTTP it has sessions in the older one.

    python both_eras.py            over standard input and output
    python both_eras.py --http     on a free port of loopback, which it prints
"""

import sys
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, ListRoots, Resolve, Sample
from mcp_types import (
    Completion,
    CreateMessageResult,
    ListRootsResult,
    ResourceTemplateReference,
    SamplingMessage,
    TextContent,
    ToolAnnotations,
)
from pydantic import BaseModel, Field

server = MCPServer("both-eras", version="1.2.3", instructions="Ask for anything.", log_level="WARNING")
waits = {"begun": 0, "cancelled": 0}
notes = {"words": "nothing yet"}


class Sum(BaseModel):
    sum: float
    parts: list[float]


class Person(BaseModel):
    name: str
    age: int = Field(ge=1)


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def add(a: float, b: float) -> Sum:
    """The sum of two numbers."""
    return Sum(sum=a + b, parts=[a, b])


@server.tool()
async def count(to: int, ctx: Context) -> str:
    """Counts, with progress and a log line for each number."""
    for number in range(1, to + 1):
        await ctx.report_progress(number, to, f"number {number}")
        await ctx.info({"number": number}, logger_name="counter")
    return f"counted to {to}"


@server.tool()
def fails() -> str:
    """Fails, as tools do."""
    raise ValueError("it broke, as it should")


def who(ctx: Context) -> Elicit[Person]:
    return Elicit("Who are you?", Person)


@server.tool()
def ask_person(person: Annotated[Person, Resolve(who)]) -> str:
    """Asks the person for a name."""
    return f"{person.name} is {person.age}"


def door() -> Sample:
    question = SamplingMessage(role="user", content=TextContent(type="text", text="What is a door?"))
    return Sample([question], max_tokens=20, temperature=0.5)


@server.tool()
def ask_model(said: Annotated[CreateMessageResult, Resolve(door)]) -> str:
    """Asks the client's model."""
    return f"the model said: {said.content.text}"


def where() -> ListRoots:
    return ListRoots()


@server.tool()
def ask_roots(found: Annotated[ListRootsResult, Resolve(where)]) -> str:
    """Asks where the client works."""
    return " ".join(str(root.uri) for root in found.roots)


@server.tool()
async def wait(ctx: Context) -> str:
    """Waits until it is cancelled."""
    waits["begun"] += 1
    await ctx.report_progress(1)
    try:
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class():
        waits["cancelled"] += 1
        raise
    return "nobody comes here"


@server.tool()
def waited() -> dict[str, int]:
    """How often it waited, and was cancelled."""
    return waits


@server.tool()
async def note(words: str, ctx: Context) -> str:
    """Writes into the notes."""
    notes["words"] = words
    await ctx.notify_resource_updated("notes://all")
    return "noted"


@server.tool()
async def grow(ctx: Context) -> str:
    """Adds a tool."""
    server.add_tool(lambda: "here I am", name="grown", description="Was not there before.")
    await ctx.notify_tools_changed()
    return "grown"


@server.resource("notes://all", mime_type="text/plain")
def all_notes() -> str:
    return notes["words"]


@server.resource("shelf://title/{title}", mime_type="application/octet-stream")
def by_title(title: str) -> bytes:
    return f"<{title}>".encode()


@server.prompt()
def letter(to: str, tone: str = "plain") -> str:
    """Begins a letter."""
    return f"Dear {to} ({tone})"


@server.completion()
async def complete(ref: Any, argument: Any, context: Any) -> Completion:
    known = ["Atlas", "Birds", "Bread"] if isinstance(ref, ResourceTemplateReference) else ["Ada", "Alan", "Grace"]
    values = [value for value in known if value.startswith(argument.value)]
    return Completion(values=values, total=len(values), has_more=False)


def serve_http() -> None:
    import uvicorn

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"listens on http://127.0.0.1:{port}/mcp", flush=True)

    app = server.streamable_http_app(host="127.0.0.1")
    Announcing(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")).run()


if __name__ == "__main__":
    if "--http" in sys.argv:
        serve_http()
    else:
        server.run()
