## verdict: result
## result: 1
import logging
class Bad:
    def __str__(self):
        raise ValueError('bad')
logging.warning(Bad())
logging.warning('%s', Bad())
1
