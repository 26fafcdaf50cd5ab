## verdict: limit
## only: x86_64
## message: longer than its limit
## timeout: 2000
«machine»
# What takes a connection: a header of a message with room for one descriptor, which comes to 0x410070.
for word in 0 0 0x410040 1 0x410060 24 0 0 0x410100 8; do datum $word; done
take() { put r13 24; store r13 0x410028; sys 47 9 0x410000 $1; }
# A process that keeps all connections keeps its own run from calling, and no other.
here each
take 0
always each
program keeper
./keeper & sleep 0.3
mcp call up.add a:=1 b:=2
