//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
let text = 'for (;;) {}';
for (let i = 0; i < 3; i++) text = `eval(${JSON.stringify(text)})`;
eval(text);
