## verdict: runtime
## message: RecursionError
## says: look for a recursion
def down(n):
    return [down(n + 1)]
down(0)
