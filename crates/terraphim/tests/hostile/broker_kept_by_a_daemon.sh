## verdict: result
## result: "done"
(setsid bash -c 'trap "" TERM HUP INT; while :; do mcp call up.add a:=1 b:=2; done' >/dev/null 2>&1 &)
mcp call up.add a:=1 b:=2 >/dev/null
echo done
