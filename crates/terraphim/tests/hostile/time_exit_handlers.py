## verdict: result
## result: "done"
import atexit, weakref
def spin():
    while True:
        pass
class Held:
    def __del__(self):
        spin()
atexit.register(spin)
held = Held()
weakref.finalize(held, spin)
'done'
