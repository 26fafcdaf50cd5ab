## verdict: limit
## message: the program used more than its 64 MiB of memory
## says: work on less data at a time
## memory: 64
held = []
while True:
    held.append(bytearray(1 << 20))
