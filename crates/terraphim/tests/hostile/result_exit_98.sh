## verdict: runtime
## message: exit code 98
exit 98
