## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
source = 'x = [1, 2, 3]\n' * 50_000
while True:
    compile(source, 'x', 'exec')
