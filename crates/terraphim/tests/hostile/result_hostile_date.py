## verdict: runtime
## message: TypeError
import datetime
class Bad(datetime.date):
    def isoformat(self):
        return b'not a text'
[Bad(2020, 1, 1)]
