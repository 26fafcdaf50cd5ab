## verdict: result
## result: []
import fcntl, os
passed = []
# Push a character into a terminal, take one, ask for an address of the network, of a disk, of a file's blocks, of flags.
reader, writer = os.pipe()
for number in (0x5412, 0x540E, 0x8915, 0x1260, 1, 0x40086602, 0xC0189436, 0x5451 + 0x10000):
    for descriptor in (0, 1, 3, reader):
        try:
            fcntl.ioctl(descriptor, number, b'\0' * 64)
            passed.append((hex(number), descriptor))
        except OSError:
            pass
passed
