// The clock begins with the run, not with the process from which all are forked.
// expect: {"origin":true,"agree":true,"runs":true}
const { timeOrigin } = performance;
const before = performance.now();
await new Promise(done => setTimeout(done, 20));
return {
  origin: Math.abs(timeOrigin - Date.now()) < 20_000,
  agree: Math.abs(timeOrigin + performance.now() - Date.now()) < 20_000,
  runs: performance.now() - before >= 19,
}
