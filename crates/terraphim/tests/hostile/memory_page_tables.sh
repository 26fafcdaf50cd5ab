## verdict: result
## only: x86_64
## result: [12,true]
«machine»
# A terabyte of which a byte in each 2 MiB is read is nothing but tables of the kernel's.
sys 9 0 $((1 << 40)) 1 0x4022 -1 0; leave; program map; ./map; told=$?
sys 9 0 $((1 << 30)) 1 0x4022 -1 0; keep r13; put r15 511
here each
peek; add r13 $((2 << 20)); times each
here idle
sys 34; always idle
program hog
for n in {1..20}; do ./hog & done
sleep 0.5
tables=$(awk '/^VmPTE/ {sum += $2} END {print sum}' /proc/[0-9]*/status)
rm map hog; jq -nc "[$told, $tables < 65536]"
