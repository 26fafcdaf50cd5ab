// expect: 499500
let sum = 0;
for (let n = 0; n < 1000; n++) sum += n;
return sum
