"""An MCP server whose one tool ends the process in the middle of a call."""

import json
import os
import sys

TOOL = {
    "name": "crash",
    "description": "Ends the server.",
    "inputSchema": {"type": "object"},
    "annotations": {"readOnlyHint": True},
}


def answer(method, params):
    if method == "initialize":
        version = params.get("protocolVersion")
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "crashing", "version": "1"}}
    if method == "tools/list":
        return {"tools": [TOOL]}
    if method == "tools/call":
        print("fatal: out of cheese", file=sys.stderr, flush=True)
        os._exit(3)
    return None


for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    result = answer(message["method"], message.get("params") or {})
    reply = {"jsonrpc": "2.0", "id": message["id"]}
    if result is None:
        reply["error"] = {"code": -32601, "message": "no such method"}
    else:
        reply["result"] = result
    print(json.dumps(reply), flush=True)
