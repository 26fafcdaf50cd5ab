## verdict: result
## only: x86_64
## result: [11,true]
«machine»
# Threads are counted with the processes. Each has its own stack pointer left as it is, and sleeps.
put r12 0
here each
add r12 1
store r12 0x410000
sys 56 0x10f00 0x4ff000 0 0 0
child
here idle
sys 34; always idle
parent
succeeds each
keep r14
sys 1 1 0x410000 8
load 0 r14
leave
program threads; count=$(./threads | od -An -td8 | tr -d ' '; exit ${PIPESTATUS[0]}); told=$?
rm threads; jq -nc "[$told, $count < 64]"
