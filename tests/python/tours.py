"""The tours of the Python client, one function for each server."""

import json
import sys
from typing import Any

import anyio
import mcp_types as types
from mcp import Client

from client import PATIENCE, Notebook, text_of


async def clock(client: Client, notebook: Notebook, _: dict[str, Any]) -> None:
    """`mcp-server-time`."""
    await notebook.see("tools", client.list_tools())
    places = {"source_timezone": "Europe/Berlin", "target_timezone": "Asia/Kathmandu", "time": "16:30"}
    await notebook.see("convert", client.call_tool("convert_time", places))
    await notebook.see("now", client.call_tool("get_current_time", {"timezone": "America/New_York"}))
    await notebook.see("nowhere", client.call_tool("get_current_time", {"timezone": "Moon/Crater"}))
    await notebook.see("wrong arguments", client.call_tool("convert_time", {"time": 5}))


async def git(client: Client, notebook: Notebook, given: dict[str, Any]) -> None:
    """`mcp-server-git`, in the repository `given["repository"]`."""
    here = {"repo_path": given["repository"]}
    await notebook.see("tools", client.list_tools())
    await notebook.see("status", client.call_tool("git_status", here))
    await notebook.see("diff", client.call_tool("git_diff_unstaged", here))
    await notebook.see("branch", client.call_tool("git_create_branch", {**here, "branch_name": "side"}))
    await notebook.see("checkout", client.call_tool("git_checkout", {**here, "branch_name": "side"}))
    await notebook.see("branches", client.call_tool("git_branch", {**here, "branch_type": "local"}))
    await notebook.see("add", client.call_tool("git_add", {**here, "files": ["notes.txt"]}))
    await notebook.see("staged", client.call_tool("git_diff_staged", here))
    await notebook.see("no branch", client.call_tool("git_checkout", {**here, "branch_name": "nowhere"}))


async def both_eras(client: Client, notebook: Notebook, _: dict[str, Any]) -> None:
    """`both_eras.py`, in the era that was agreed on."""
    is_modern = client.protocol_version == "2026-07-28"
    await notebook.see("tools", client.list_tools())
    await notebook.see("add", client.call_tool("add", {"a": 0.1, "b": 2e20}))
    await notebook.see("wrong arguments", client.call_tool("add", {"a": "one"}))
    await notebook.see("fails", client.call_tool("fails"))

    mark = len(notebook.heard)
    steps: list[Any] = []

    async def progress(*step: Any) -> None:
        steps.append(step)

    await notebook.see("count", client.call_tool("count", {"to": 3}, progress_callback=progress))
    last = await notebook.until("notifications/message", lambda params: params["data"] == {"number": 3}, mark)
    notebook.write("count logged", last)
    notebook.write("count progress", steps[:2])

    for tool, method in (
        ("ask_person", "elicitation/create"),
        ("ask_model", "sampling/createMessage"),
        ("ask_roots", "roots/list"),
    ):
        mark = len(notebook.heard)
        await notebook.see(tool, client.call_tool(tool))
        notebook.write(f"{tool} asked", await notebook.until(method, mark=mark))

    async with anyio.create_task_group() as waiting:

        async def begun(*_: Any) -> None:
            waiting.cancel_scope.cancel()

        async def wait() -> None:
            await client.call_tool("wait", progress_callback=begun)
            notebook.write("wait", "it came to its end")

        waiting.start_soon(wait)
    # The server's own word that it was told.
    with anyio.fail_after(PATIENCE):
        while True:
            waited = json.loads(text_of(await client.call_tool("waited")))
            if waited["cancelled"] == waited["begun"]:
                break
    notebook.write("the server was told", waited)

    await notebook.see("resources", client.list_resources())
    await notebook.see("templates", client.list_resource_templates())
    await notebook.see("read", client.read_resource("shelf://title/Birds"))
    await notebook.see("no such resource", client.read_resource("shelf://nowhere"))
    await notebook.see("prompts", client.list_prompts())
    await notebook.see("prompt", client.get_prompt("letter", {"to": "Ada"}))
    letter = types.PromptReference(type="ref/prompt", name="letter")
    await notebook.see("completion", client.complete(letter, {"name": "to", "value": "A"}))
    template = types.ResourceTemplateReference(type="ref/resource", uri="shelf://title/{title}")
    await notebook.see("completion of a template", client.complete(template, {"name": "title", "value": "B"}))

    if is_modern:
        async with client.listen(tools_list_changed=True, resource_subscriptions=["notes://all"]) as listening:
            notebook.write("listens", listening.honored)
            await notebook.see("note", client.call_tool("note", {"words": "changed"}))
            with anyio.fail_after(PATIENCE):
                notebook.write("updated", repr(await anext(listening)))
                await notebook.see("grow", client.call_tool("grow"))
                notebook.write("changed", repr(await anext(listening)))
        tools = await client.list_tools(cache_mode="refresh")
        notebook.write("tools after", [tool.name for tool in tools.tools])
    await notebook.see("notes", client.read_resource("notes://all", cache_mode="refresh"))


async def everything(client: Client, notebook: Notebook, _: dict[str, Any]) -> None:
    """`server-everything`, which speaks the older era only."""
    # It asks once, soon after the start; where its stream was not open in time, it is made to ask again.
    with anyio.move_on_after(3) as soon:
        await notebook.until("roots/list")
    if soon.cancelled_caught:
        await client.call_tool("get-roots-list")
    await notebook.see("tools", client.list_tools())
    await notebook.see("sum", client.call_tool("get-sum", {"a": 2, "b": 40}))
    await notebook.see("structured", client.call_tool("get-structured-content", {"location": "Chicago"}))
    await notebook.see("sampling", client.call_tool("trigger-sampling-request", {"prompt": "Who?", "maxTokens": 9}))
    notebook.write("sampling asked", await notebook.until("sampling/createMessage"))
    await notebook.see("elicitation", client.call_tool("trigger-elicitation-request"))
    await notebook.see("roots", client.call_tool("get-roots-list"))
    steps: list[Any] = []

    async def progress(*step: Any) -> None:
        steps.append(step)

    operation = {"duration": 0.3, "steps": 3}
    await notebook.see("long", client.call_tool("trigger-long-running-operation", operation, progress_callback=progress))
    notebook.write("long progress", steps[:2])
    mark = len(notebook.heard)
    uri = "demo://resource/dynamic/text/1"
    await notebook.see("subscribe", client.subscribe_resource(uri))
    await client.call_tool("toggle-subscriber-updates")
    notebook.write("updated", await notebook.until("notifications/resources/updated", mark=mark))
    await client.call_tool("toggle-subscriber-updates")
    await notebook.see("prompt", client.get_prompt("args-prompt", {"city": "Köln"}))
    await notebook.see("read", client.read_resource(uri))


async def held(client: Client, notebook: Notebook, given: dict[str, Any]) -> None:
    """One call that is held for a person; it says `told` once it knows that it waits."""
    messages: list[str | None] = []

    async def progress(_: float, __: float | None, message: str | None) -> None:
        if not messages:
            print("told", file=sys.stderr, flush=True)
        messages.append(message)

    arguments = {"words": given["words"], "times": 1}
    await notebook.see("held", client.call_tool("repeat", arguments, progress_callback=progress))
    notebook.write("told while it waited", bool(messages) and all(messages))
