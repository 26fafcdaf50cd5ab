## verdict: result
## result: "long"
echo long
# «x×130000»
