## verdict: result
## only: x86_64
## result: [1]
«machine»
# What holds memory that no limit counts: memory files, shared memory, sockets, sets to wait for, larger pipes, leases.
{
    for call in '319 0x410000 0' '29 0 4096 01600' '9 0 4096 3 0x21 -1 0' '9 0 4096 3 0x122 -1 0' '53 1 1 0 0x410000' '41 1 1 0' '291 0' '290 0 0' '284 0' \
        '282 -1 0x410000 8 0' '283 0 0' '253' '294 0' '425 8 0x410000' '72 1 1031 1048576' '72 1 1024 1' '72 1 1026 1' '278 1 0x410000 1 0' '275 0 0 1 0 1 0'; do
        datum 0; sys $call; leave; program call; ./call | cat; echo ${PIPESTATUS[0]}
    done
} | jq -sc unique
rm call
