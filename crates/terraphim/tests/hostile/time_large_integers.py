## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
x = 3 ** 3_000_000
while True:
    x = x * x % (7 ** 3_000_000)
