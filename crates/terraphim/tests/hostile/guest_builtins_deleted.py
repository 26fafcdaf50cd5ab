## verdict: runtime
## message: an error that cannot be read
import builtins
remove = delattr
for name in list(vars(builtins)):
    if not name.startswith('__'):
        remove(builtins, name)
1
