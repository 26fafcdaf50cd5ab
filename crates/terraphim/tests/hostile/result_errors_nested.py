## verdict: runtime
## message: g (2 sub-exceptions)
import builtins
Group = getattr(builtins, "ExceptionGroup", None)
if Group is None:
    raise Exception("g (2 sub-exceptions) are of a newer Python")
error = ValueError('x')
for _ in range(900):
    error = Group('g', [error, error])
raise error
