## verdict: runtime
## message: RecursionError
import json
json.loads('[' * 500_000)
