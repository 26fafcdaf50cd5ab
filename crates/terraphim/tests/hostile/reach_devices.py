## verdict: result
## result: [["null","random","urandom"],"PermissionError","PermissionError","PermissionError",true]
import os, stat
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
nodes = [lambda: os.mknod('mem', stat.S_IFCHR | 0o666, os.makedev(1, 1)), lambda: os.mknod('disk', stat.S_IFBLK | 0o666, os.makedev(8, 0)), lambda: os.mkfifo('pipe')]
# What is written to the devices that there are is gone.
[sorted(os.listdir('/dev')), *map(told, nodes), open('/dev/null', 'wb').write(b'x' * 100) == 100]
