## verdict: sandbox
## message: the program's process crashed
import os
os._exit(0)
