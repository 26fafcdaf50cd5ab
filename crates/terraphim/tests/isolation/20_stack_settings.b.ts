// expect: {"name":"Error","text":"Error: x","hasStack":true,"prepare":"undefined"}
const error = new Error('x');
return {
  name: error.name,
  text: String(error),
  hasStack: (error.stack ?? '').includes('at '),
  prepare: typeof (Error as any).prepareStackTrace,
}
