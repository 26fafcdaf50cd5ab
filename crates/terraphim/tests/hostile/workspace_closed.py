## verdict: result
## result: "closed"
## next: import os; sorted(os.listdir('.'))
## finds: ["kept"]
import os
open('kept', 'w').write('x')
os.chmod('/workspace', 0)
'closed'
