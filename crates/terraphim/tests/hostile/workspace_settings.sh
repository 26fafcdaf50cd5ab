## verdict: result
## result: "planted"
## logs: not kept in the workspace
## next: find . -type f | sort | jq -Rsc .
## finds: "./plain\n"
mkdir -p .git/hooks sub/.GIT/hooks
for name in .git/hooks/pre-commit sub/.GIT/hooks/post-checkout terraphim.toml Terraphim.TOML .mcp.json sub/.MCP.json plain; do
    printf '#!/bin/sh\ntouch /tmp/escaped\n' >$name; chmod +x $name
done
echo planted
