/**
 * Does the prior draw the person of a photo? Ten pictures of other expressions and angles, each compared with the photo by a face
 * descriptor that we did not train, for priors trained on the photo for different numbers of steps (src/train/personal.ts).
 *
 * Run: npx tsx scripts/gate-photo.ts <photo> <folder with faceres.json and faceres.bin> [out.png | ''] [steps …]
 * Prints the cosine of each picture (0: no face found) and how far the mouth was read to be open; writes the pictures to look at.
 * One photo says little of others, and a descriptor sees what it was trained to see.
 */
import sharp from 'sharp';
import { loadFaceTools } from '../src/condition/analyse-face.js';
import { referenceCrop } from '../src/condition/condition.js';
import { controlImage } from '../src/condition/control.js';
import { viewHead } from '../src/condition/orbit.js';
import { type Image, toBytes } from '../src/core/image.js';
import { silent } from '../src/core/progress.js';
import { foldIn, randomKey } from '../src/core/rng.js';
import { cosine } from '../src/evaluate/csim.js';
import { openDescriptor } from '../src/evaluate/descriptor.js';
import { lookAt } from '../src/evaluate/look.js';
import { findFace } from '../src/face/analyse.js';
import { parseExpression } from '../src/face/expression.js';
import { withExpression } from '../src/face/reenact.js';
import { loadPhoto } from '../src/photo/load.js';
import { JokerPrior, openPrior, type PriorModel, sample } from '../src/prior/index.js';
import { personalPrior } from '../src/run/personal-prior.js';
import { embeddedPrior } from '../src/run/subject.js';

const [path, descriptorFolder, out = '', ...stepTexts] = process.argv.slice(2);
if (!path || !descriptorFolder) throw new Error('usage: gate-photo.ts <photo> <faceres folder> [out.png] [steps …]');
const steps = (stepTexts.length > 0 ? stepTexts : ['0', '80']).map(Number);

/** What is asked of the face: expression, words, degrees from the front. */
const ASKED: readonly (readonly [expression: string, text: string, azimuth: number])[] = [
  ['jawOpen=0.05', 'a person', 0],
  ['mouthSmileLeft=0.9,mouthSmileRight=0.9', 'a person smiling', 0],
  ['jawOpen=0.3', 'a person with the mouth slightly open', 0],
  ['jawOpen=0.6', 'a person with the mouth open', 0],
  ['jawOpen=0.95', 'a person with the mouth wide open', 0],
  ['jawOpen=0.8', 'a person with the mouth open and the tongue out', 0],
  ['jawOpen=0.8', 'a person with the mouth open and the tongue to the left', 0],
  ['jawOpen=0.3', 'a person with the mouth slightly open', 25],
  ['jawOpen=0.05', 'a person', -25],
  ['browInnerUp=0.9,jawOpen=0.4', 'a person surprised', 20],
];

const tools = await loadFaceTools();
const descriptor = await openDescriptor(descriptorFolder);
const photo = await loadPhoto(path);
const { face } = await findFace(photo, tools);
const model = openPrior(embeddedPrior());
const size = model.config.image_size;
const picture = referenceCrop(photo, face, size, 'blur');
const truth = await lookAt(referenceCrop(photo, face, 256, 'blur'), tools, descriptor);
if (!truth) throw new Error(`no face found again in the crop of ${path}`);
const faces = ASKED.map(([expression, , degrees]) => {
  const target = withExpression(face, tools.model, parseExpression(expression));
  return viewHead(target, tools.model, { azimuth: (degrees * Math.PI) / 180, elevation: 0 }, size).face;
});

async function draw(drawn: PriorModel): Promise<Image[]> {
  const prior = new JokerPrior(drawn, { batch: 1 });
  const pictures: Image[] = [];
  for (const [i, [, text]] of ASKED.entries()) {
    const control = await prior.controlFeatures([controlImage(faces[i]!, tools.model, size)]);
    const condition = await prior.prepare(text, picture, null);
    const batch = { condition, control, views: 1 };
    pictures.push(...(await sample(prior, batch, foldIn(randomKey(3), i), { steps: 16, sampler: 'ddim' })));
  }
  await prior.dispose();
  return pictures;
}

const context = { report: silent, signal: new AbortController().signal };
const rows: Image[][] = [];
for (const count of steps) {
  const started = performance.now();
  const person = { photo, reference: face, faceModel: tools.model };
  const tuned = await personalPrior(model, person, count, {}, context);
  const seconds = (performance.now() - started) / 1000;
  const pictures = await draw(tuned);
  const looks = await Promise.all(pictures.map((drawn) => lookAt(drawn, tools, descriptor)));
  const likeness = looks.map((look) => (look ? cosine(look.descriptor, truth.descriptor) : 0));
  const mean = likeness.reduce((a, b) => a + b, 0) / likeness.length;
  const jaws = looks.slice(0, 5).map((look) => (look?.face.arkit['jawOpen'] ?? 0).toFixed(2));
  console.log(`${count} steps (${seconds.toFixed(0)} s): csim(faceres) ${mean.toFixed(3)}`);
  console.log(
    `  each ${likeness.map((l) => l.toFixed(2)).join(' ')}; jawOpen read in the first five: ${jaws.join(' ')}`,
  );
  rows.push([picture, ...pictures]);
}
if (out) await writeSheet(out);
await Promise.all([tools.tracker.dispose(), descriptor.dispose()]);

async function writeSheet(file: string): Promise<void> {
  const tiles = rows.flatMap((row, y) =>
    row.map(async (image, x) => ({
      input: await sharp(toBytes(image), { raw: { width: size, height: size, channels: 3 } })
        .png()
        .toBuffer(),
      left: x * size,
      top: y * size,
    })),
  );
  const canvas = sharp({
    create: { width: rows[0]!.length * size, height: rows.length * size, channels: 3, background: '#000' },
  });
  await canvas
    .composite(await Promise.all(tiles))
    .png()
    .toFile(file);
}
