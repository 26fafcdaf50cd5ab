## verdict: result
## result: "racing"
## next: all(not __import__('os').path.islink(one) for one in __import__('os').listdir('.'))
## finds: true
import os, threading
open('file', 'w').write('x')
begun = threading.Event()
def swap():
    while True:
        os.symlink('/etc/passwd', 'other')
        os.rename('other', 'file')
        open('third', 'w').close()
        os.rename('third', 'file')
        begun.set()
threading.Thread(target=swap, daemon=True).start()
begun.wait()
'racing'
