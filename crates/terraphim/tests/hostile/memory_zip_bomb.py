## verdict: limit
## message: memory
## timeout: 60000
## memory: 64
import zlib
packer = zlib.compressobj(9)
bomb = b''.join(packer.compress(bytes(1 << 20)) for _ in range(1024)) + packer.flush()
len(zlib.decompress(bomb))
