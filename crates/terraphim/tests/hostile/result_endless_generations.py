## verdict: runtime
## message: nested more than 1000 levels deep
class Nested(dict):
    def items(self):
        return [('inner', Nested())]
Nested()
