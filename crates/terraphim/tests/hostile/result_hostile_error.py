## verdict: runtime
## message: an error that cannot be read
class Bad(Exception):
    def __str__(self):
        raise SystemExit('no')
raise Bad()
