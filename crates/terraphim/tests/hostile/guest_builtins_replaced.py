## verdict: result
## result: [1,"a",{"b":2}]
import builtins
value = [1, 'a', {'b': 2}]
for name in ('len', 'isinstance', 'iter', 'next', 'str', 'id', 'print', 'open', 'getattr', 'type'):
    setattr(builtins, name, lambda *_: 7)
value
