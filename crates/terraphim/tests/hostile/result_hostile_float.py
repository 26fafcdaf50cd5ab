## verdict: result
## result: [1.5,2,"ä"]
class Number(float):
    def __repr__(self):
        return '], "forged": ['
    def is_integer(self):
        return True
class Count(int):
    def __repr__(self):
        return '], "forged": ['
    def __le__(self, other):
        return True
class Text(str):
    def __str__(self):
        return '"], "forged": ['
    def encode(self, *_):
        return b'"forged'
[Number(1.5), Count(2), Text('ä')]
