## verdict: runtime
## message: No space left on device
import os
os.mkdir('many')
for number in range(20_000):
    open(f'many/{number}', 'w').close()
