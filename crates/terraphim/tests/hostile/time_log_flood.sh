## verdict: limit
## message: longer than its limit
## timeout: 1000
yes "$(printf '%500s' x)" >&2
