## verdict: runtime
## message: NameError
«x×100000»
