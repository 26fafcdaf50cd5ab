## verdict: syntax
«(×60000»
