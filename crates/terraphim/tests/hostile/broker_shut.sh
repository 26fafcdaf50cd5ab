## verdict: result
## only: x86_64
## result: 1
«machine»
# Whoever shuts the way to the host has shut it for this run.
sys 48 9 2; leave; program shut
./shut; rm shut
# Connections that were there already are taken still.
for n in {1..20}; do mcp call up.add a:=1 b:=2 2>&1 >/dev/null || break; done | grep -c 'cannot be reached'
