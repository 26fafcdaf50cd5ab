## verdict: result
## result: [["self","thread-self"],0]
others=$(ls /proc | grep -v '^[0-9]' | jq -Rsc 'split("\n")[:-1]')
host=0
for pid in {2..400}; do [ -e /proc/$pid ] && ! grep -q '^Seccomp_filters:' /proc/$pid/status 2>/dev/null && ((++host)); done
jq -nc "[$others, $host]"
