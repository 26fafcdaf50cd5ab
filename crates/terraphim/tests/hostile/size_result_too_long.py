## verdict: limit
## message: the result has 73400322 bytes, its limit is 67108864
## says: return a summary
## memory: 512
'x' * (70 << 20)
