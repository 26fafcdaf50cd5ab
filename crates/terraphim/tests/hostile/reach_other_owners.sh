## verdict: result
## only: x86_64
## result: [1]
«machine»
# Every way to become somebody else, or to give a file to somebody else.
for call in '105 0' '106 0' '113 0 0' '114 0 0' '117 0 0 0' '119 0 0 0' '122 0' '123 0' '116 0 0' '92 0x410000 0 0' '93 1 0 0' '94 0x410000 0 0' '260 -100 0x410000 0 0 0' '126 0x410000 0' '157 8 1' '157 4 0' '157 36 1'; do
    datum 0; sys $call; leave; program call; ./call; echo $?
done | jq -sc unique
rm call
