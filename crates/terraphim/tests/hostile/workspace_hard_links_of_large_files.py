## verdict: limit
## message: the workspace would hold more than 100 MiB
## next: import os; os.listdir('.')
## finds: []
import os
# One file of the quota's half under many names: each would be a file of its own outside.
with open('first', 'wb') as first:
    first.truncate(50 << 20)
for number in range(100):
    os.link('first', f'link{number}')
'linked'
