## verdict: runtime
## message: exit code 99
exit 99
