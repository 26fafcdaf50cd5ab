## verdict: limit
## message: more than its 64 MiB of memory
## memory: 64
## only: x86_64
«machine»
# Stacks are no data. This one grows for ever.
ulimit -s unlimited
here each
le 1 0x50
always each
program pusher
./pusher & ./pusher
