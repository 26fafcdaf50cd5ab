## verdict: limit
## message: memory
## timeout: 60000
import os
os._exit(97)
