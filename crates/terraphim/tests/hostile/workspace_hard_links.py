## verdict: result
## result: 50
## next: import os; sorted({(os.stat(one).st_nlink, open(one).read()) for one in os.listdir('.')})
## finds: [[1,"one"]]
import os
open('first', 'w').write('one')
for number in range(49):
    os.link('first', f'link{number}')
len(os.listdir('.'))
