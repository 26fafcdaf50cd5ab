## verdict: result
## only: x86_64
## result: 3
«machine»
# What takes a connection: a header of a message with room for one descriptor, which comes to 0x410070.
for word in 0 0 0x410040 1 0x410060 24 0 0 0x410100 8; do datum $word; done
take() { put r13 24; store r13 0x410028; sys 47 9 0x410000 $1; }
# A connection that is only looked at comes again and again, until there are no descriptors left.
put r15 1000
here each
take 2
times each
leave
program peeker
./peeker; rm peeker
mcp call up.add a:=1 b:=2 | jq .sum
