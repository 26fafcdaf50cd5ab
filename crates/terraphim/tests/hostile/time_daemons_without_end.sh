## verdict: limit
## message: longer than its limit
## timeout: 2000
while :; do (setsid true &) 2>/dev/null; done
