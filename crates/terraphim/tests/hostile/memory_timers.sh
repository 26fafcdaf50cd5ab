## verdict: result
## only: x86_64
## result: true
«machine»
# Each timer is the kernel's memory; the end comes by the limit, before ten thousand.
put r12 0
here each
add r12 1
sys 222 1 0 0x410800
succeeds each
store r12 0x410000
sys 1 1 0x410000 8
leave
program timers
count=$(./timers | od -An -td8 | tr -d ' '); rm timers
jq -nc "$count < 10000 and $count > 100"
