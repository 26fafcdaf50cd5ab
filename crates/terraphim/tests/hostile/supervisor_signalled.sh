## verdict: result
## only: x86_64
## result: [0,"refused refused"]
«machine»
sent=0
for signal in {1..64}; do kill -$signal 1 2>/dev/null && ((++sent)); done
sys 62 1 9; leave; program kill
sys 234 1 1 9; leave; program tgkill
told=$(for one in kill tgkill; do ./$one; [ $? = 1 ] && echo refused; done)
mcp call up.add a:=1 b:=2 >/dev/null && jq -nc --arg told "$(echo $told)" "[$sent, \$told]"
rm kill tgkill
