## verdict: runtime
## message: Bad: an error that cannot be read
## memory: 64
class Bad(Exception):
    def __str__(self):
        return 'x' * (1 << 30)
raise Bad()
