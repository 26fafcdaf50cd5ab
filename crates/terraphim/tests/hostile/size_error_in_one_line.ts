//! verdict: runtime
//! message: ReferenceError: nothing is not defined
//! at: 4:900001
«        ×112500»nothing();
