## verdict: runtime
## message: RuntimeError: no class
## at: 7:9
class Liar(dict):
    @property
    def __class__(self):
        raise RuntimeError('no class')
liar = Liar()
liar['a'] = 1
[liar]
