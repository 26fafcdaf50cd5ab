// Its deadline ends it in native code.
// ends: limit
// timeout_ms: 200
const text = 'a'.repeat(5e6);
for (;;) text.includes('a'.repeat(1e6) + 'b');
