## verdict: runtime
## message: No space left on device
open('full', 'wb').write(bytes(1 << 20) * 130)
