## verdict: result
## logs: not kept in the workspace
## result: ["FileNotFoundError","FileNotFoundError","FileNotFoundError","OSError","FileNotFoundError",["PermissionError","ValueError","OSError"]]
import os
def told(work):
    try:
        return work()
    except (OSError, ValueError) as error:
        return type(error).__name__
os.symlink('/', 'root')
os.symlink('/proc/self/root', 'magic')
os.symlink('../../..', 'up')
os.symlink('self', 'self')
outside = [lambda: os.listdir('root/etc/ssh'), lambda: os.listdir('magic/etc'), lambda: open('up/etc/passwd').read(), lambda: open('root/planted', 'w'), lambda: os.link('/etc/passwd', 'hard')]
odd = [told(lambda: os.chroot('.')), told(lambda: os.listdir('a\0b')), told(lambda: open('self'))]
[*map(told, outside), odd]
