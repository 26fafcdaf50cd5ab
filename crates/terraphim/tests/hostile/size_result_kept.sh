## verdict: result
## result: truncated
## memory: 32
yes $'\x01' | tr -d '\n' | head -c 8000000
