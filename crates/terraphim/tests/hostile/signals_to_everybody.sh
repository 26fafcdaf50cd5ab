## verdict: runtime
## message: SIGKILL
(kill -KILL -1)
