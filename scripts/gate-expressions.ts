/**
 * Does the prior draw the expression that it is asked for? Rendered people at rest are asked for each preset; what the tracker reads
 * in the drawn picture, beyond what it reads in the drawn rest, is compared with the same of the true renders. No tongues: those
 * are judged by `joker evaluate tongue`.
 *
 *   npx tsx scripts/gate-expressions.ts <ict-facekit-light.safetensors> [--weights mini.safetensors] [--people 8] [--steps 16]
 *     [--sheet pictures.png]
 *
 * Figures of a preset: the cosine between both changes (1: the same expression), and the length of the drawn change over that of
 * the true one along it (1: as strong).
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { loadFaceTools } from '../src/condition/analyse-face.js';
import { captionOf } from '../src/condition/caption.js';
import { referenceCrop } from '../src/condition/condition.js';
import { controlImage } from '../src/condition/control.js';
import { assetPath } from '../src/core/files/assets.js';
import { openSafetensors } from '../src/core/files/safetensors.js';
import { type Image, toBytes } from '../src/core/image.js';
import { foldIn, randomKey } from '../src/core/rng.js';
import { readIct } from '../src/data/synthetic/ict.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { findFace } from '../src/face/analyse.js';
import { type ExpressionWeights, PRESETS, type PresetName } from '../src/face/expression.js';
import type { Face } from '../src/face/face.js';
import { withExpression } from '../src/face/reenact.js';
import { cropImage } from '../src/photo/crop.js';
import { photoFromImage } from '../src/photo/photo.js';
import { JokerPrior, openPrior, sample } from '../src/prior/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    weights: { type: 'string', default: assetPath('prior', 'mini.safetensors') },
    people: { type: 'string', default: '8' },
    steps: { type: 'string', default: '16' },
    sheet: { type: 'string' },
  },
});
const ict = positionals[0];
if (!ict) throw new Error('usage: gate-expressions.ts <ict-facekit-light.safetensors> [options]');
const NAMES = (Object.keys(PRESETS) as PresetName[]).filter((name) => name !== 'neutral' && name !== 'tongue-out');
/** Side at which pictures are tracked, and people shown on the sheet. */
const [TRACKED, SHOWN, TILE] = [256, 3, 96];
const model = readIct(openSafetensors(ict));
const renderer = new PeopleRenderer(model);
const tools = await loadFaceTools(undefined, { threads: 1 });
const prior = new JokerPrior(openPrior(values.weights), { threads: 2, batch: 1 });
const size = prior.config.image_size;
const tiles: { input: Buffer; left: number; top: number }[] = [];

async function faceIn(image: Image): Promise<Face | null> {
  const large = cropImage(image, { x0: 0, y0: 0, x1: image.width, y1: image.height }, TRACKED);
  return (await findFace(photoFromImage(large), tools).catch(() => null))?.face ?? null;
}

async function show(image: Image, column: number, row: number): Promise<void> {
  const raw = { width: image.width, height: image.height, channels: 3 as const };
  const input = await sharp(Buffer.from(toBytes(image)), { raw })
    .resize(TILE, TILE)
    .png()
    .toBuffer();
  tiles.push({ input, left: column * TILE, top: row * TILE });
}

/** Change of the read expression between two faces. */
const change = (rest: Face, moved: Face) => moved.expression.map((value, i) => value - rest.expression[i]!);
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

const results = new Map<PresetName, { drawn: number[]; truth: number[] }[]>(NAMES.map((name) => [name, []]));
for (let i = 0; i < Number(values.people); i++) {
  const key = foldIn(randomKey(4242), i);
  const person = samplePerson(model, key);
  const pose = { yaw: 0, pitch: 0, roll: 0 };
  const base = { ...sampleShot(key, { setting: 'studio' }), tongue: null, pose };
  const photoOf = (expression: ExpressionWeights) =>
    photoFromImage(renderer.render(person, { ...base, expression }, { size: TRACKED }).image);
  const reference = photoOf({});
  const face = (await findFace(reference, tools).catch(() => null))?.face;
  if (!face) continue;
  const look = referenceCrop(reference, face, size, 'blur');
  const draw = async (expression: ExpressionWeights) => {
    const target = withExpression(face, tools.model, expression);
    const control = await prior.controlFeatures([controlImage(target, tools.model, size)]);
    const condition = await prior.prepare(captionOf({ expression }), look, null);
    return (
      await sample(prior, { condition, control, views: 1 }, key, { steps: Number(values.steps), sampler: 'ddim' })
    )[0]!;
  };
  const trueCrop = (expression: ExpressionWeights) => referenceCrop(photoOf(expression), face, size, 'blur');
  const [drawnRest, trueRest] = [await faceIn(await draw({})), await faceIn(trueCrop({}))];
  if (!drawnRest || !trueRest) continue;
  for (const [column, name] of NAMES.entries()) {
    const [drawn, real] = [await draw(PRESETS[name]), trueCrop(PRESETS[name])];
    if (i < SHOWN) {
      await show(real, column, 2 * i);
      await show(drawn, column, 2 * i + 1);
    }
    const [drawnFace, trueFace] = [await faceIn(drawn), await faceIn(real)];
    if (drawnFace && trueFace)
      results.get(name)!.push({ drawn: change(drawnRest, drawnFace), truth: change(trueRest, trueFace) });
  }
}
if (values.sheet) {
  const sheet = { width: NAMES.length * TILE, height: 2 * SHOWN * TILE, channels: 3 as const, background: '#000' };
  await sharp({ create: sheet }).composite(tiles).png().toFile(values.sheet);
}
console.log('preset: cosine between drawn and true change, drawn strength along the true change (pictures)');
const all: number[] = [];
for (const [name, list] of results) {
  // people share the expression: their mean change has less of the tracker's noise
  const mean = (side: 'drawn' | 'truth') =>
    list[0]?.[side].map((_, e) => list.reduce((s, r) => s + r[side][e]!, 0) / list.length) ?? [];
  const [drawn, truth] = [mean('drawn'), mean('truth')];
  const cosine = dot(drawn, truth) / Math.sqrt(dot(drawn, drawn) * dot(truth, truth) || 1);
  all.push(cosine);
  console.log(
    `${name.padEnd(14)} ${cosine.toFixed(2)} ${(dot(drawn, truth) / (dot(truth, truth) || 1)).toFixed(2)} (${list.length})`,
  );
}
console.log(`mean cosine ${(all.reduce((a, b) => a + b, 0) / all.length).toFixed(3)}`);
await prior.dispose();
await tools.tracker.dispose();
