## verdict: runtime
## message: ValueError: no name
class Key:
    def __str__(self):
        raise ValueError('no name')
{Key(): 1}
