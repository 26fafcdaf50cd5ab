## verdict: result
## result: ["OSError","OSError","OSError","OSError"]
import os, sys, encodings
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__mro__[-4].__name__
place = os.path.dirname(encodings.__file__)
[told(lambda: open(place + '/planted.py', 'w')), told(lambda: os.remove(encodings.__file__)), told(lambda: os.rename(place, place + '2')), told(lambda: os.truncate(sys.executable or encodings.__file__, 0))]
