## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
class Endless(dict):
    def items(self):
        while True:
            pass
Endless()
