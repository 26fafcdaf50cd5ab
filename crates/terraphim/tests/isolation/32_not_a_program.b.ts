// expect: "undefined"
return (0, eval)('typeof secretOfA')
