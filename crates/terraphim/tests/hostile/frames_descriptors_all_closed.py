## verdict: result
## result: "done"
import os
for number in [0, 1, 2, *range(4, 256)]:
    try:
        os.close(number)
    except OSError:
        pass
print('told all the same')
'done'
