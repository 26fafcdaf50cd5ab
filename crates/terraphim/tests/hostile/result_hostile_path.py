## verdict: result
## result: ["a\"b"]
import pathlib
class Bad(pathlib.PurePosixPath):
    def __str__(self):
        return 'a"b'
[Bad('x')]
