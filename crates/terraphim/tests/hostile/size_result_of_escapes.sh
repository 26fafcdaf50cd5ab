## verdict: limit
## message: the result has more than
## memory: 32
# Twelve million characters of which each becomes six.
yes $'\x01' | tr -d '\n' | head -c 12000000
