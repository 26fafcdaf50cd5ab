## verdict: result
## only: x86_64
## result: [11,3]
«machine»
# What takes a connection: a header of a message with room for one descriptor, which comes to 0x410070.
for word in 0 0 0x410040 1 0x410060 24 0 0 0x410100 8; do datum $word; done
take() { put r13 24; store r13 0x410028; sys 47 9 0x410000 $1; }
# 64 without waiting is all there are; a call finds room again when they are gone.
put r15 300
here each
take 0x40
succeeds each
leave
program taker
./taker; code=$?
rm taker
sum=$(mcp call up.add a:=1 b:=2 | jq .sum)
jq -nc "[$code, $sum]"
