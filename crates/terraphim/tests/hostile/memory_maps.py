## verdict: result
## result: [true,"PermissionError","PermissionError"]
## memory: 64
import mmap
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
def fill():
    held = []
    try:
        while len(held) < 1000:
            one = mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            one.write(b'x' * (1 << 20))
            held.append(one)
    except OSError:
        return len(held) < 64
# Memory that is shared would count for nobody.
[fill(), told(lambda: mmap.mmap(-1, 4096)), told(lambda: mmap.mmap(-1, 4096, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS))]
