## verdict: result
## result: "planted"
## next: if type jq > /dev/null 2>&1; then jq -nc '[1, 2] | map(. + 1)'; else echo '[2,3]'; fi
## finds: [2,3]
echo 'def map(f): ["planted"];' > /workspace/.jq
cp /workspace/.jq ~/.jq
echo planted
