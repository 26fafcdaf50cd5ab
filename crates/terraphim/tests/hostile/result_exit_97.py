## verdict: limit
## message: memory
import os
os._exit(97)
