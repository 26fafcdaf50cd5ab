## verdict: sandbox
## message: the program's process was lost
import sys
import terraphim_guest.encode, terraphim_guest.run, terraphim_guest.wire, os
# The program breaks the guest around itself: its own harm.
terraphim_guest.run.encode = lambda *_: os._exit(99)
1
