## verdict: runtime
## message: No space left on device
set -e
for n in 1 2 3; do head -c 40M /dev/urandom >part$n; done
