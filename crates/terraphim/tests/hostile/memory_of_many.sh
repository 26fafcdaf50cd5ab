## verdict: limit
## message: more than its 256 MiB of memory
## only: x86_64
«machine»
# Forty processes of ten MiB each; none of them alone is over any limit.
sys 9 0 $((10 << 20)) 3 0x22 -1 0; keep r13; put r15 2560
here each
poke; add r13 4096; times each
here idle
sys 34; always idle
program hog
for n in {1..40}; do ./hog & done
wait
