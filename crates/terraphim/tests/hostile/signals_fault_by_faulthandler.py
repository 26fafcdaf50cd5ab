## verdict: sandbox
## message: signal
import faulthandler
# What it would write of the program's end goes nowhere.
faulthandler.enable(open('/dev/null', 'w'))
faulthandler._read_null()
