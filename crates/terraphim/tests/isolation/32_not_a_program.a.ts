// Is no program.
// ends: syntax
const secretOfA = 'secret of A';
const const = {{{;
