// Ends while timers are set.
for (let n = 0; n < 1000; n++) setTimeout(() => console.log('a timer of A'), n % 60);
setInterval(() => console.log('an interval of A'), 1);
return setTimeout(() => 0, 1)
