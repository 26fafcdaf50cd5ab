## verdict: limit
## message: longer than its limit
## timeout: 2000
bomb() { bomb | bomb & }
bomb 2>/dev/null
while :; do :; done
