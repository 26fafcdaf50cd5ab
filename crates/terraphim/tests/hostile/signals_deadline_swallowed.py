## verdict: limit
## message: the program ran longer than its limit of 0.4 s, at line
## timeout: 400
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
