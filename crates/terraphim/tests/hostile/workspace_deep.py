## verdict: result
## result: 300
## logs: not kept
## next: import os; sum(len(files) for _, _, files in os.walk('.'))
## finds: 0
import os
for _ in range(300):
    os.mkdir('d' * 100)
    os.chdir('d' * 100)
open('bottom', 'w').write('deep')
os.chdir('/workspace')
300
