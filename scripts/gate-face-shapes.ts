/**
 * How much of each ARKit shape the fit shows: people are rendered frontally with one shape at a time, tracked and fitted, and
 * compared with themselves at rest. A shape's own share should be 1 and everything else 0; a fit that
 * weighs landmarks by what they tell stays below.
 *
 * Run: npx tsx scripts/gate-face-shapes.ts <ict-facekit-light.safetensors> [people] [weight]
 */
import { loadFaceTools } from '../src/condition/analyse-face.js';
import { openSafetensors } from '../src/core/files/safetensors.js';
import { foldIn, randomKey } from '../src/core/rng.js';
import { ARKIT_NAMES, type ArkitName, type Expression } from '../src/data/synthetic/arkit.js';
import { readIct } from '../src/data/synthetic/ict.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { findFace } from '../src/face/analyse.js';
import type { Face } from '../src/face/face.js';
import { photoFromImage } from '../src/photo/photo.js';
import { plainPerson } from './face-model-scans.js';

const [ict, peopleText = '12', weightText = '0.8'] = process.argv.slice(2);
if (!ict) throw new Error('usage: gate-face-shapes.ts <ict-facekit-light.safetensors> [people] [weight]');
const [people, weight] = [Number(peopleText), Number(weightText)];
const model = readIct(openSafetensors(ict));
const renderer = new PeopleRenderer(model);
const tools = await loadFaceTools(undefined, { threads: 1 });

/** The fit of a person with an expression; null when no face is found. */
async function fitted(person: number, expression: Expression): Promise<Face | null> {
  const key = foldIn(randomKey(2027), person);
  const pose = { yaw: 0, pitch: 0, roll: 0 };
  const shot = { ...sampleShot(key, { setting: 'studio' }), expression, tongue: null, pose };
  const { image } = renderer.render(plainPerson(model, key), shot, { size: 256 });
  const found = await findFace(photoFromImage(image), tools).catch(() => null);
  return found?.face ?? null;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Shares of one shape over people: its own, its spread, and the mean of the largest other change. */
async function sharesOf(name: ArkitName, rest: readonly (Face | null)[]) {
  const [own, other]: [number[], { name: string; value: number }[]] = [[], []];
  for (const [person, neutral] of rest.entries()) {
    const moved = neutral && (await fitted(person, { [name]: weight }));
    if (!neutral || !moved) continue;
    const change = (of: string) => ((moved.arkit[of] ?? 0) - (neutral.arkit[of] ?? 0)) / weight;
    own.push(change(name));
    const others = ARKIT_NAMES.filter((n) => n !== name).map((n) => ({ name: n, value: change(n) }));
    other.push(others.reduce((a, b) => (Math.abs(b.value) > Math.abs(a.value) ? b : a)));
  }
  const share = mean(own);
  const spread = Math.sqrt(mean(own.map((value) => (value - share) ** 2)));
  return {
    share,
    spread,
    other: mean(other.map(({ value }) => Math.abs(value))),
    most: commonest(other.map((o) => o.name)),
    n: own.length,
  };
}

/** The name that occurs most often. */
function commonest(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}

const rest: (Face | null)[] = [];
for (let person = 0; person < people; person++) rest.push(await fitted(person, {}));
console.log(`${rest.filter(Boolean).length} of ${people} people; shapes at ${weight}, one at a time`);
console.log(
  'shape: share of it that the fit shows, spread over people | largest other change, mean, and which it mostly is',
);
for (const name of ARKIT_NAMES) {
  if (!model.expressions.has(name)) continue;
  const { share, spread, other, most, n } = await sharesOf(name, rest);
  console.log(`${name.padEnd(20)} ${share.toFixed(2)} ± ${spread.toFixed(2)} | ${other.toFixed(2)} ${most} (${n})`);
}
await tools.tracker.dispose();
