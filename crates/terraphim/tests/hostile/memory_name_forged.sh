## verdict: limit
## message: more than its 64 MiB of memory, `) R 1 1
## memory: 64
## only: x86_64
«machine»
# A name that looks like the kernel's own account of a process.
data='\x29\x20\x52\x20\x31\x20\x31\x0a\x1b\x5b\x32\x4a\x00'
sys 157 15 0x410000
sys 9 0 $((60 << 20)) 3 0x22 -1 0; keep r13; put r15 15000
here each
poke; add r13 4096; times each
here idle
sys 34; always idle
program hog
./hog & ./hog
