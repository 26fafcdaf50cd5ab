## verdict: runtime
## message: RecursionError
import enum
class Loop(enum.Enum):
    A = 1
Loop.A._value_ = Loop.A
Loop.A
