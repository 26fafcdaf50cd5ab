## verdict: result
## only: x86_64
## result: [10,true,1,10]
«machine»
# Others have their turn first, and no session of its own gives a command more of the processor.
session() { cut -d' ' -f6 /proc/self/stat; }
before=$(session); after=$(setsid -w cut -d' ' -f6 /proc/self/stat)
sys 141 0 0 0; leave; program hurry; ./hurry; told=$?; rm hurry
same=false; [ "$before" = "$after" ] && same=true
jq -nc "[$(cut -d' ' -f19 /proc/self/stat), $same, $told, $(nice)]"
