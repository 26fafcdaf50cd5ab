## verdict: runtime
## message: SIGSYS
kill -SYS $$
