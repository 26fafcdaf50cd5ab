## verdict: sandbox
## message: the program's process was lost
import os
os._exit(99)
