/**
 * Runs in an empty project into which the packed package was installed: imports it by name and uses a little of it.
 * Prints what it saw; any failure is an uncaught error.
 */

import assert from 'node:assert/strict';
import * as joker from 'joker3d';

const stream = new joker.RandomStream(joker.randomKey(7));
const values = stream.normals(3);
assert.equal(values.length, 3);
assert.ok(values.every(Number.isFinite));
assert.throws(() => joker.parseSafetensors(new Uint8Array(3), 'none'), joker.JokerError);
console.log(`joker3d: ${Object.keys(joker).length} exported names`);
