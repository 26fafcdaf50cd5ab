## verdict: result
## result: 7
## logs: its name has control characters
## next: import os; sorted(os.listdir(b'.'), key=len) and len(os.listdir('.'))
## finds: 3
import os
for name in (b'a\nb', b'\x1b[31mred', b'\xff\xfe', b'-rf', b'x' * 255, b'tab\there', 'größe'.encode()):
    open(name, 'w').close()
len(os.listdir('.'))
