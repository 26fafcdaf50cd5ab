//! verdict: syntax
//! message: the program contains a NUL character
//! says: write \0 where it is meant
//! at: 5:12
return /abc«U+0»b/.test('');
