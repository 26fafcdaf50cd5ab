## verdict: result
## result: 3
text=$(head -c 100000 /dev/zero 2>/dev/null | tr '\0' x; printf '%100000s' x)
for n in {1..30}; do
    (mcp call up.echo text="$text" >/tmp/pipe$n & kill -STOP $!) 2>/dev/null
done
mcp call up.add a:=1 b:=2 | jq .sum
