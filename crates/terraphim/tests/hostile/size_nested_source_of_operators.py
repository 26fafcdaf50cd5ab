## verdict: syntax
## message: nested too deeply
«-×100000»1
