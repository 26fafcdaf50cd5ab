// Changes what the clock says.
Date.now = () => 0;
Date.prototype.getTime = () => 0;
Date.prototype.getTimezoneOffset = () => 600;
(globalThis as any).Date = class { static now() { return 1; } };
return Date.now()
