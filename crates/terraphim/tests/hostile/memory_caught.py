## verdict: limit
## message: limit of 0.4 s
## timeout: 400
## memory: 64
held = []
while True:
    try:
        held.append('x' * (1 << 20) + str(len(held)))
    except MemoryError:
        pass
