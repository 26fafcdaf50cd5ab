## verdict: limit
## message: memory
## timeout: 1000
## memory: 64
import collections.abc, itertools
class Endless(collections.abc.Mapping):
    def __getitem__(self, key):
        return key
    def __iter__(self):
        return itertools.count()
    def __len__(self):
        return 1
Endless()
