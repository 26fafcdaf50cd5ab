## verdict: runtime
## message: ZeroDivisionError
class Bad(dict):
    def items(self):
        yield 'a', 1
        1 / 0
Bad()
