## verdict: result
## result: "writing"
## next: sorted(__import__('os').listdir('.'))
## finds: ["torn"]
import os, threading
torn = open('torn', 'wb', buffering=0)
gone = open('gone', 'wb', buffering=0)
os.remove('gone')
begun = threading.Event()
def write():
    while True:
        torn.seek(0)
        torn.write(b'x' * 4096)
        gone.write(b'y')
        begun.set()
threading.Thread(target=write, daemon=True).start()
begun.wait()
'writing'
