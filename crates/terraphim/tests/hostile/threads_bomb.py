## verdict: limit
## message: more than 32 threads
## says: threads
import threading, time
def breed():
    while True:
        try:
            threading.Thread(target=breed, daemon=True).start()
        except RuntimeError:
            time.sleep(0.01)
breed()
