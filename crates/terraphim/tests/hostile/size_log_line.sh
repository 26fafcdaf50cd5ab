## verdict: result
## result: 1
## logs: xxxxxxxx
yes x | tr -d '\n' | head -c 20000000 >&2
echo 1
