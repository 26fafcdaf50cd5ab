## verdict: result
## only: x86_64
## result: [159,1]
«machine»
# By the door of 32 bits, and by that of x32.
le 5 0x14b8; le 2 0x80CD; leave; program old; ./old; told=$?
sys 0x40000027; leave; program narrow; ./narrow
jq -nc "[$told, $?]" ; rm old narrow
