## verdict: runtime
## message: No space left on device
set -e
mkdir many; cd many
seq 20000 | xargs touch
