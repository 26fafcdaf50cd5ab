## verdict: result
## only: x86_64
## result: 3
«machine»
# What takes a connection: a header of a message with room for one descriptor, which comes to 0x410070.
for word in 0 0 0x410040 1 0x410060 24 0 0 0x410100 8; do datum $word; done
take() { put r13 24; store r13 0x410028; sys 47 9 0x410000 $1; }
# Four gigabytes announced, no length, kinds that only the host has, a name longer than its frame.
frames=('\xff\xff\xff\xff\x11' '\x00\x00\x00\x00\x11' '\x05\x00\x00\x00\x01aaaa' '\x09\x00\x00\x00\x11\x00\x00\x00\x00\xff\xff\xff\x7f' '\x01\x00\x00\x00\x12')
number=0
for frame in "${frames[@]}"; do printf "$frame" >/tmp/frame$((number++)); done
for frame in {0..4}; do
    # The frame comes by standard input.
    for word in 0 0 0x410040 1 0x410060 24 0 0 0x410100 8; do datum $word; done
    take 0; fetch r12 0x410070
    sys 0 0 0x410800 64; keep r14
    sys 44 r12 0x410800 r14 0x4000
    sys 45 r12 0x410800 64 0
    program forger; ./forger </tmp/frame$frame
done
mcp call up.add a:=1 b:=2 | jq .sum
rm forger
