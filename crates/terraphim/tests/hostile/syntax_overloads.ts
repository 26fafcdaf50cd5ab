//! verdict: result
//! result: "3"
export default function f(): string;
export default function f(n?: number): string { return String(n ?? 3); }
