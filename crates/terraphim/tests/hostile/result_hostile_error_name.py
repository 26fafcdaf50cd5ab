## verdict: runtime
## message: Bad: text
class Meta(type):
    @property
    def __name__(cls):
        raise RuntimeError('no name')
class Bad(Exception, metaclass=Meta):
    pass
raise Bad('text')
