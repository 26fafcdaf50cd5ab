// expect: {"order":["sync","job","timer"]}
const order = ['sync'];
Promise.resolve().then(() => order.push('job'));
await new Promise<void>(done => setTimeout(() => { order.push('timer'); done(); }, 1));
return { order }
