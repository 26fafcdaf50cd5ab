## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## logs: line 0
## logs: lines left out
## timeout: 400
number = 0
while True:
    print(f'line {number}')
    number += 1
