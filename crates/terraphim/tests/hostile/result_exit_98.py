## verdict: sandbox
## message: broke the protocol with its host
import os
os._exit(98)
