## verdict: result
## result: 6
## logs: not kept in the workspace
## next: import os; sorted(os.listdir('.'))
## finds: ["data"]
import os
os.symlink('/etc/passwd', 'passwd')
os.symlink('.', 'here')
os.symlink('/', 'root')
os.symlink('nothing', 'dangling')
os.mkdir('data')
os.symlink('../../..', 'data/up')
os.symlink('x' * 4000, 'long')
len(os.listdir('.'))
