## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
class Slow:
    def __lt__(self, other):
        while True:
            pass
sorted([Slow(), Slow()])
