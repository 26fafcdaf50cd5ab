## verdict: result
## only: x86_64
## result: true
«machine»
# Signals that wait are the kernel's memory: sent by number, blocked by all.
data=; datum -1; datum -1
sys 14 0 0x410000 0 8
put r12 0
sys 39
keep r14
put r15 20000
here each
sys 62 r14 40
add r12 1; times each
here idle
sys 34; always idle
program sender; ./sender & sleep 0.3
read -r used most < <(sed -n 's/^SigQ:[[:space:]]*\([0-9]*\)\/\([0-9]*\)/\1 \2/p' /proc/$!/status)
rm sender; jq -nc "$used <= $most and $most <= 1024"
