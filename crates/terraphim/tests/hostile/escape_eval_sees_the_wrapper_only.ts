//! verdict: result
//! result: ["undefined","undefined","function"]
return [eval('typeof native'), (0, eval)('typeof __terraphim_import'), eval('typeof __terraphim_import')];
