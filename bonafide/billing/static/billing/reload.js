// While a bill run is at work its page looks again every few seconds. Without this, the link "Reload" does.
"use strict";
setTimeout(() => location.reload(), 4000);
