// expect: {"names":["nameOfB"],"foreign":false,"lines":1}
function nameOfB() {
  return new Error('of B').stack ?? '';
}
const stack = nameOfB();
return {
  names: stack.match(/nameOf\w/g),
  foreign: stack.includes('nameOfA') || stack.includes('message of A'),
  lines: stack.split('\n').filter(line => line.includes('nameOf')).length,
}
