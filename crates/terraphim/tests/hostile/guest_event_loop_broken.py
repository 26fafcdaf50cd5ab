## verdict: runtime
## message: RuntimeError
import asyncio
asyncio.set_event_loop_policy(None)
loop = asyncio.get_running_loop()
loop.stop()
await asyncio.sleep(10)
1
