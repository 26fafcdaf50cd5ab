## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
import re
re.match(r'(a+)+$', 'a' * 64 + 'b')
