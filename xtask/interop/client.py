"""Drives an MCP server with the public Python client and prints what it saw as one JSON object.

    client.py ERA SCENARIO COMMAND [ARGUMENT...]

ERA is `legacy` (the initialize handshake) or `auto` (the newer greeting first). It judges
nothing: whoever started it compares what was seen with what is promised.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from mcp import Client, StdioServerParameters

# The longest that anything is waited for, in seconds.
PATIENCE = 20

# Who uses so many ticks of CPU in a fifth of a second does nothing but compute.
BUSY_TICKS = 5


def seen(result):
    """What a tool call answered, as the wire has it."""
    return {
        "is_error": result.is_error,
        "text": "\n".join(block.text for block in result.content if block.type == "text"),
        "structured": result.structured_content,
    }


def processes():
    """Every live process: id -> (parent, ticks of CPU)."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        fields = stat.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            found[int(folder.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]))
    return found


def descendants():
    """The processes below this one, with their ticks of CPU."""
    table = processes()
    below, fresh = {}, {os.getpid()}
    while fresh:
        fresh = {pid for pid, (parent, _) in table.items() if parent in fresh and pid not in below}
        below.update((pid, table[pid][1]) for pid in fresh)
    return below


async def until(condition):
    """Waits for a condition; answers its last value."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return value


async def busy():
    """The processes below this one that do nothing but compute."""
    before = descendants()
    await asyncio.sleep(0.2)
    now = descendants()
    return {pid for pid, ticks in now.items() if pid in before and ticks - before[pid] >= BUSY_TICKS}


async def tools(client):
    listed = (await client.list_tools()).tools
    return {
        "server": client.server_info and client.server_info.model_dump(by_alias=True, exclude_none=True),
        "protocol": client.protocol_version,
        "instructions": client.instructions,
        "tools": [tool.model_dump(by_alias=True, exclude_none=True) for tool in listed],
    }


async def success(client):
    code = "console.log('a line'); const n: number = 41; return { answer: n + 1 };"
    return seen(await client.call_tool("execute_code", {"code": code}))


async def tool_call(client):
    code = "import { everything } from 'mcp-servers';\nreturn await everything.getSum({ a: 20, b: 22 });"
    return seen(await client.call_tool("execute_code", {"code": code}))


async def failure(client):
    code = "const a = 1;\nthrow new Error('out of cheese');"
    return seen(await client.call_tool("execute_code", {"code": code}))


async def denied(client):
    code = "import { memory } from 'mcp-servers';\nreturn await memory.delete_entities({ entityNames: ['x'] });"
    return seen(await client.call_tool("execute_code", {"code": code}))


async def limit(client):
    return seen(await client.call_tool("execute_code", {"code": "for (;;) {}", "timeout_ms": 300}))


async def progress(client):
    steps = []

    async def told(progress, total, message):
        steps.append({"progress": progress, "total": total, "message": message})

    code = "const end = Date.now() + 2500; while (Date.now() < end) {} return 'done';"
    result = await client.call_tool("execute_code", {"code": code}, progress_callback=told)
    return {**seen(result), "progress": steps}


async def cancellation(client):
    """A program that never ends is cancelled after half a second."""
    await client.call_tool("execute_code", {"code": "return 1"})
    idle = not await until_idle()
    before = set(descendants())
    run = asyncio.create_task(client.call_tool("execute_code", {"code": "for (;;) {}", "timeout_ms": 60000}))
    spinning = set()
    began = time.monotonic()
    while not spinning and time.monotonic() - began < PATIENCE:
        spinning = await busy()
    await asyncio.sleep(max(0, began + 0.5 - time.monotonic()))
    cancelled = time.monotonic()
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    gone = await until(lambda: not spinning & set(descendants()))
    gone_after = time.monotonic() - cancelled
    settled = await until(lambda: len(descendants()) <= len(before))
    after = seen(await client.call_tool("execute_code", {"code": "return 'alive'"}))
    return {
        "idle": idle,
        "spinning": len(spinning),
        "gone": bool(gone),
        "gone_after": gone_after,
        "settled": bool(settled),
        "after": after,
    }


async def until_idle():
    """Waits until nothing below this process computes; answers what still does."""
    deadline = time.monotonic() + PATIENCE
    while (working := await busy()) and time.monotonic() < deadline:
        pass
    return working


async def discovery(client):
    found = await client.call_tool("search_tools", {"query": "add two numbers"})
    docs = await client.call_tool("get_tool_docs", {"names": ["everything.get-sum", "everything.get-sun"]})
    return {"search": seen(found), "docs": seen(docs)}


async def waiting(client):
    """A run that is longer than a client's patience goes on in the background."""
    code = (
        "import { everything } from 'mcp-servers';\n"
        "return await everything.triggerLongRunningOperation({ duration: 54, steps: 2 });"
    )
    first = seen(await client.call_tool("execute_code", {"code": code, "timeout_ms": 90000}))
    structured = first["structured"] or {}
    second = await client.call_tool("wait", {"run_id": structured.get("run_id", ""), "timeout_ms": 30000})
    return {"first": first, "second": seen(second)}


async def unknown_run(client):
    return seen(await client.call_tool("wait", {"run_id": "run_" + "0" * 32}))


async def concurrency(client):
    """Many runs at once, each with its own result."""
    calls = [client.call_tool("execute_code", {"code": f"return {n} * {n}"}) for n in range(20)]
    return {"results": [(seen(result)["structured"] or {}).get("result") for result in await asyncio.gather(*calls)]}


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        tools, success, tool_call, failure, denied, limit, progress, cancellation, discovery, waiting,
        unknown_run, concurrency,
    )
}


def causes(error):
    """The errors that a group of errors is made of."""
    if isinstance(error, BaseExceptionGroup):
        return [cause for part in error.exceptions for cause in causes(part)]
    return [f"{type(error).__name__}: {error}"]


async def main(era, scenario, command, *arguments):
    server = StdioServerParameters(command=command, args=list(arguments), env=dict(os.environ))
    async with Client(server, mode=era, read_timeout_seconds=120) as client:
        print(json.dumps(await SCENARIOS[scenario](client)))


try:
    asyncio.run(main(*sys.argv[1:]))
except Exception as error:
    sys.exit("\n".join(causes(error)))
