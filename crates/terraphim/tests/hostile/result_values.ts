//! verdict: result
//! result: [null,null,null,"123",{"a":1},[1],{"name":"E","message":"m"},{},null]
return [undefined, NaN, Infinity, 123n, new Map([['a', 1]]), new Set([1]), Object.assign(new Error('m'), { name: 'E' }), /x/, Object.create(null, { toJSON: { value: () => null } })];
