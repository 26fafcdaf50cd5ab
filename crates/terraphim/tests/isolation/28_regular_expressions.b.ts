// expect: {"remembered":[],"match":["b"],"replaced":"xbx"}
const legacy = ['$1', '$2', '$_', '$&', '$+', '$`', "$'", 'input', 'lastMatch', 'lastParen', 'leftContext', 'rightContext', 'leak'];
const remembered = legacy.filter(name => String((RegExp as any)[name] ?? '').includes('A'));
return { remembered, match: 'abc'.match(/b/)?.slice(0), replaced: 'abc'.replace(/[ac]/g, 'x') }
