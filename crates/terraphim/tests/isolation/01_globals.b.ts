// expect: ["undefined","undefined","undefined","undefined","undefined","undefined","undefined",[]]
return [
  ...['declared', 'assigned', 'fixed', 'evaluated', 'evaluatedToo', 'lexical', 'undeclared'].map(
    name => (0, eval)(`typeof ${name}`)
  ),
  Object.keys(globalThis),
]
