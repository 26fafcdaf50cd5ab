## verdict: runtime
## message: an error that cannot be read
class Bad(Exception):
    @property
    def __traceback__(self):
        return 7
    @property
    def __cause__(self):
        return self
    @property
    def __context__(self):
        raise RuntimeError('no')
raise Bad('x')
