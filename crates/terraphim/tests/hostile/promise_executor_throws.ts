//! verdict: runtime
//! message: the program waits for a promise that nothing can settle
//! logs: [warn] line 5: nobody handled the rejection of a promise: Error: lost
await new Promise<void>(async resolve => {
  if (resolve) throw new Error('lost');
  resolve();
});
