## verdict: result
## result: 1
## logs: nobody handled the failure of a thread
import threading
def fail():
    raise ValueError('x' * 100_000)
for _ in range(20):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
1
