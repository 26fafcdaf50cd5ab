## verdict: result
## only: x86_64
## result: [0,0,0]
«machine»
# Ends with the first number, if there is one, whose answer is not that it is not permitted.
for range in '424 11' '437 2' '440 160'; do
    read -r first count <<<"$range"
    put r12 $first; put r15 $count
    here each
    sys r12 -1 -1 -1 -1 -1 -1
    only_refused
    add r12 1; times each
    sys 60 0
    program calls; ./calls; echo $?
done | jq -sc .
rm calls
