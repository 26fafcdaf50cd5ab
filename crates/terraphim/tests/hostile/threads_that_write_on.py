## verdict: result
## result: "done"
## logs: noise
import threading
begun = threading.Event()
def write():
    while True:
        print('noise ' * 10)
        begun.set()
for _ in range(8):
    threading.Thread(target=write, daemon=True).start()
begun.wait()
'done'
