/**
 * Starts the thread of a job when the code runs from its TypeScript source (tests, `tsx`): Node alone cannot load .ts as
 * a thread's first file. Not part of the built package, where `worker.js` is started directly.
 */

import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
