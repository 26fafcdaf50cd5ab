## verdict: result
## result: "set"
## next: import os, stat; [sorted(os.listdir('.')), oct(os.stat('setuid').st_mode & 0o7000), open('locked').read(), os.listdir('closed')]
## finds: [["closed","locked","setuid"],"0o0","secret",["inner"]]
import os
open('setuid', 'w').write('#!/bin/sh\n')
os.chmod('setuid', 0o6777)
open('locked', 'w').write('secret')
os.chmod('locked', 0)
os.mkdir('closed')
open('closed/inner', 'w').write('x')
os.chmod('closed', 0)
'set'
