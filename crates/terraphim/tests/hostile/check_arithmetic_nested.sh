## verdict: syntax
## next: echo alive
## finds: "alive"
echo «$((×10000»
