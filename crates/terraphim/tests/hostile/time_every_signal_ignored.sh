## verdict: limit
## message: longer than its limit
## timeout: 1000
for signal in {1..64}; do trap '' $signal 2>/dev/null; done
while :; do :; done
