## verdict: result
## only: x86_64
## result: 3
«machine»
# What takes a connection: a header of a message with room for one descriptor, which comes to 0x410070.
for word in 0 0 0x410040 1 0x410060 24 0 0 0x410100 8; do datum $word; done
take() { put r13 24; store r13 0x410028; sys 47 9 0x410000 $1; }
# Twenty connections that say three bytes and then nothing, and are kept by who has lost its parent.
for word in {1..20}; do take 0; fetch r12 0x410070; sys 44 r12 0x410000 3 0x4000; done
here idle
sys 34
always idle
program halves
(setsid ./halves &)
mcp call up.add a:=1 b:=2 | jq .sum
rm halves
