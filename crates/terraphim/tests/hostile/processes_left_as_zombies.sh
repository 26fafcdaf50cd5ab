## verdict: result
## only: x86_64
## result: [11,true]
«machine»
# Children that nobody waits for, until there is no room; it is there again when their parent is gone.
here each
sys 56 17 0 0 0 0
child
sys 60 0
parent
succeeds each
leave
program zombies
./zombies; code=$?; rm zombies
for n in {1..20}; do sleep 0.1 & done; wait
jq -nc "[$code, true]"
