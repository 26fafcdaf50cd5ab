## verdict: syntax
## next: echo alive
## finds: "alive"
echo «$(×15000»
