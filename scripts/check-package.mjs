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

// The shipped tracker runs on the installed runtime: a grey picture shows no face, and says so.
const grey = joker.photoFromImage({
  width: 64,
  height: 64,
  channels: 3,
  data: new Float32Array(64 * 64 * 3).fill(0.5),
});
const tools = await joker.loadFaceTools();
await assert.rejects(joker.analyseFace(grey, tools), { code: 'no-face' });
await tools.tracker.dispose();

// A job in a thread of its own.
const absent = joker.runJob(joker.verifyJob, { folder: 'absent' });
await assert.rejects(absent, { code: 'nothing-to-do' });
console.log(`joker3d: ${Object.keys(joker).length} exported names`);
