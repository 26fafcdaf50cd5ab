## verdict: syntax
## message: parenthes
«(×50000»«)×50000»
