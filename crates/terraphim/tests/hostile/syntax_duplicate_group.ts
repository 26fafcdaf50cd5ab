//! verdict: syntax
//! message: duplicate group name
return /(?<a>x)(?<a>y)/.test('xy');
