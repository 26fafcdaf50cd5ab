// Ends while promise jobs go on for ever.
const again = (): Promise<void> => Promise.resolve().then(again);
void again();
void Promise.reject(new Error('of A'));
return 1
