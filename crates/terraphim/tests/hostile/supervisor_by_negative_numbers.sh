## verdict: result
## only: x86_64
## result: [0,"alive"]
«machine»
# Every process of the run but its sender, and the first one of the namespace, which must stay.
sys 112; sys 62 -1 19; sys 62 -1 18; leave; program all
(setsid ./all & sleep 0.2; kill -CONT -1; wait)
./all & wait $!
code=$?
rm all; jq -nc "[$code, \"alive\"]"
