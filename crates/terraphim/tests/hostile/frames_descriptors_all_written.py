## verdict: result
## result: true
import os
written = []
for number in range(4, 256):
    try:
        os.write(number, b'\xff' * 100)
        written.append(number)
    except OSError:
        pass
# The ends that its own streams are read from are no ends to write to.
written == []
