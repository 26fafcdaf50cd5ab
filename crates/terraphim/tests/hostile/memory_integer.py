## verdict: limit
## message: memory
## memory: 64
1 << (1 << 34)
