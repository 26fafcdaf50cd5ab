## verdict: limit
## message: the workspace would hold more than 100 MiB
## next: ls -A
## finds: null
# One file of the quota's half under many names: each would be a file of its own outside.
truncate -s 50M first
for n in {1..100}; do ln first link$n; done
echo linked
