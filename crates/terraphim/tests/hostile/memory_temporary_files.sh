## verdict: runtime
## message: No space left on device
set -e
head -c 90M /dev/urandom >/tmp/large
head -c 30M /dev/urandom >also_large
