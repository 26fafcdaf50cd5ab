// Changes how errors keep their trace.
// ends: runtime
(Error as any).stackTraceLimit = 0;
Error.prototype.toString = () => 'of A';
Object.defineProperty(Error.prototype, 'name', { value: 'NameOfA' });
try {
  (Error as any).prepareStackTrace = () => 'of A';
} catch {}
Object.defineProperty(Error, 'prepareStackTrace', { value: () => 'of A' });
return 1
