## verdict: limit
## message: the workspace would hold more than 100 MiB
## next: import os; os.listdir('.')
## finds: []
with open('huge', 'wb') as huge:
    huge.truncate(1 << 40)
'made'
