## verdict: result
## result: [true,3]
count=0; while { exec {fd}</dev/null; } 2>/dev/null; do ((++count)); done
for ((n = 10; n < 256; n++)); do exec {n}<&-; done
jq -nc "[$count < 256, $(mcp call up.add a:=1 b:=2 | jq .sum)]"
