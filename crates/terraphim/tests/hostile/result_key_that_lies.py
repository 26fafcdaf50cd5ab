## verdict: runtime
## message: TypeError
class Key:
    def __str__(self):
        return 7
{Key(): 1}
