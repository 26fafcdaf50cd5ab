## verdict: result
## result: ["refused","refused","refused","refused"]
import os
def told(work):
    try:
        return work()
    except OSError:
        return 'refused'
open('file', 'w').close()
os.mkdir('folder')
names = ['user.mine', 'user.overlay.opaque', 'trusted.overlay.redirect', 'security.capability']
answers = [told(lambda name=name: os.setxattr('folder', name, b'y')) for name in names]
os.remove('file'), os.rmdir('folder')
answers
