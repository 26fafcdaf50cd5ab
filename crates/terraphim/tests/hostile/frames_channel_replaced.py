## verdict: sandbox
## message: broke the protocol with its host
import os
reader, writer = os.pipe()
os.dup2(writer, 3)
'done'
