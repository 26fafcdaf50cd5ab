## verdict: sandbox
## message: broke the protocol with its host
import os
os.close(3)
'done'
