## verdict: runtime
## message: exit code 97
exit 97
