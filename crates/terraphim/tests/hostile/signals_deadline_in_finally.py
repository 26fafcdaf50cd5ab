## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
def spin():
    try:
        while True:
            pass
    finally:
        spin()
spin()
