## verdict: result
## result: "made"
## next: import os; os.path.getsize('hollow')
## finds: 52428800
with open('hollow', 'wb') as hollow:
    hollow.truncate(50 << 20)
'made'
