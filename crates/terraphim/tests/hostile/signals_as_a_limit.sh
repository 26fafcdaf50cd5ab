## verdict: limit
## message: CPU time
# A program may tell any failure of itself; what it says of its own end harms nobody else.
kill -XCPU $$
