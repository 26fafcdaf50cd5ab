## verdict: result
## result: 3
# Replies that nobody takes are not asked for beyond a bound.
text=$(printf '%1000000s' x)
for n in {1..20}; do (jq -nc --arg text "$text" '{$text}' | mcp call up.echo --json - | sleep 100) & done 2>/dev/null
sleep 0.5
mcp call up.add a:=1 b:=2 | jq .sum
