## verdict: runtime
## message: descriptor
class Liar:
    __class__ = str
    def __str__(self):
        return 'I am'
[Liar()]
