## verdict: result
## result: ["PermissionError","AttributeError"]
import array, socket, os
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
    except AttributeError:
        return 'AttributeError'
channel = socket.socket(fileno=os.dup(3))
root = os.open('/', os.O_RDONLY)
[told(lambda: channel.sendmsg([b'\x01\0\0\0\x15'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [root]))])), told(lambda: channel.nothing)]
