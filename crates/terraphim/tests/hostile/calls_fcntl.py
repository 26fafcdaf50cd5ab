## verdict: result
## result: []
import fcntl
passed = []
# Owner and signal of a descriptor, leases, notifications, the size of a pipe, seals.
for number, argument in ((8, 1), (10, 9), (1024, 1), (1026, 1), (1031, 1 << 24), (1033, 1), (15, b'\0' * 8)):
    try:
        fcntl.fcntl(3, number, argument)
        passed.append(number)
    except OSError:
        pass
passed
