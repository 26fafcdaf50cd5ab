//! verdict: runtime
//! message: 
return new RegExp('«(×50000»' + '«)×50000»').test('');
