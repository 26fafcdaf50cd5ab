## verdict: runtime
## message: Bad
class Text(str):
    def __format__(self, how):
        raise RuntimeError('no')
    def encode(self, *_):
        raise RuntimeError('no')
class Bad(Exception):
    def __str__(self):
        return Text('x' * 1_000_000)
raise Bad()
