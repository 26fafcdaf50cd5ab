// Logs more than is kept.
// ends: runtime
for (let n = 0; n < 2000; n++) console.error('line of A', n);
throw new Error('of A');
