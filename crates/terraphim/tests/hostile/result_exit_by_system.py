## verdict: runtime
## message: SystemExit
import sys
sys.exit('a text')
