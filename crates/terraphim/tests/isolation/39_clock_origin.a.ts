// Changes the clock that counts from the start of a run.
const origin = performance.timeOrigin;
(performance as any).now = () => 0;
(globalThis as any).performance = { now: () => -1, timeOrigin: 1 };
return origin > 0
