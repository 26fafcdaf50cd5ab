## verdict: result
## only: x86_64
## result: [1,1,1,1]
«machine»
# Locks of parts of files are memory of the kernel's that is counted nowhere.
for command in 6 7 37 38; do
    datum 1; datum 0; datum 1; datum 0
    sys 72 5 $command 0x410000; leave; program lock; ./lock 5<>file; echo $?
done | jq -sc .
rm lock file
