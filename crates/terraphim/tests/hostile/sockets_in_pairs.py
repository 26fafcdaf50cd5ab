## verdict: result
## result: [["PermissionError","PermissionError","PermissionError"],"PermissionError","PermissionError","PermissionError"]
import socket
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
one, other = socket.socketpair()
kinds = [told(lambda family=family: socket.socketpair(family)) for family in (2, 16, 40)]
# A pair of its own is there for threads; it connects to nobody else.
[kinds, told(lambda: one.connect('\0host')), told(lambda: one.bind('\0mine')), told(lambda: one.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b'\3\0\0\0')]))]
