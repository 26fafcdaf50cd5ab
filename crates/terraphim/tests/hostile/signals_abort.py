## verdict: sandbox
## message: signal
import os
os.abort()
