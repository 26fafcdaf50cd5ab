## verdict: sandbox
## message: signal
## memory: 64
import mmap
# Memory that is shared with a file is the file's, and ends where the workspace is full.
with open('big', 'wb') as big:
    big.truncate(400 << 20)
with open('big', 'r+b') as big:
    mapped = mmap.mmap(big.fileno(), 0)
for at in range(0, len(mapped), 4096):
    mapped[at] = 1
'all of it'
