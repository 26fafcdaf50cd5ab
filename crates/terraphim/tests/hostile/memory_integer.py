## verdict: limit
## message: memory
## timeout: 60000
## memory: 64
1 << (1 << 34)
