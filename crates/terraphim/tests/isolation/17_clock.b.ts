// expect: {"year":true,"agree":true,"runs":true,"zone":0}
const before = Date.now();
await new Promise(done => setTimeout(done, 20));
const after = new Date().getTime();
return {
  year: new Date().getUTCFullYear() >= 2024,
  agree: Math.abs(after - Date.now()) < 20_000,
  runs: after - before >= 20,
  zone: new Date(0).getTimezoneOffset(),
}
