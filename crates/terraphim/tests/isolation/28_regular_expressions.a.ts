// Uses what regular expressions remember.
const sticky = /secret (of) A/g;
sticky.test('secret of A secret of A');
'secret of A'.replace(/(secret) (of) (A)/, '$1');
(RegExp.prototype as any).exec = () => ['of A'];
(RegExp as any).leak = 'of A';
return sticky.lastIndex
