## verdict: limit
## message: longer than its limit
## timeout: 1000
## only: x86_64
«machine»
# The parent waits for a child that never goes on, and takes no signal meanwhile.
sys 58
here idle
sys 34; always idle
program asleep
trap '' TERM INT
./asleep
