## verdict: result
## only: x86_64
## result: [[1],[]]
«machine»
# What the overlay means by a deletion, devices of the machine, sockets.
told=$(for mode in 0020666 0060666 0140666 0100666; do for number in 0 0x103 0x501; do
    data='\x78\x00'; sys 133 0x410000 $mode $number; leave; program make; ./make; echo $?
    data='\x78\x00'; sys 259 -100 0x410000 $mode $number; leave; program make; ./make; echo $?
done; done | jq -sc unique)
rm make; jq -nc --arg left "$(ls -A)" "[$told, (\$left | split(\"\\n\"))]"
