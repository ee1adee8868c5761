/**
 * Makes assets/face/builtin.safetensors: a statistical face model registered to virtual scans of synthetic people.
 *
 * 1. Scan: random people of a head family are rendered; the tracker's 468 points are carried to the skin (face-model-scans.ts)
 *    and averaged. 2. Template: those points, subdivided once and laid onto the skin, holes at eyes and mouth. 3. Statistics: the
 *    population is Gaussian in the family's own modes, so the covariance at the template's points is known exactly; its
 *    principal components are the identity basis. Each expression is scanned alone and stored under its ARKit name.
 *    4. Reader: how the tracker's landmarks tell those coefficients, learned from rendered training sets
 *    (face-model-lessons.ts, face-model-reader.ts); without folders the model has none, and fits treat every landmark alike.
 *
 * Run: npx tsx scripts/build-face-model.ts <ict-facekit-light.safetensors> [output] [people] [folders of rendered shards …]
 */
import { symmetricEigen } from '../src/core/eigen.js';
import { openSafetensors } from '../src/core/files/safetensors.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { readIct } from '../src/data/synthetic/ict.js';
import { saveMorphableModel } from '../src/face/model/load.js';
import type { MorphableModel } from '../src/face/model/model.js';
import { FIVE_POINT_SETS, LANDMARKS_68, MESH_POINTS } from '../src/face/tracker/topology.js';
import { STANDARD_FACE } from '../src/photo/align.js';
import type { ReaderGround } from './face-model-lessons.js';
import { learnReader } from './face-model-reader.js';
import { buildFaceTemplate, expressed, type FaceTemplate, sampleAt } from './face-model-template.js';

const [source, output = 'assets/face/builtin.safetensors', peopleText = '80', ...folders] = process.argv.slice(2);
if (!source)
  throw new Error(
    'usage: build-face-model.ts <ict-facekit-light.safetensors> [output] [people] [folders of rendered shards …]',
  );

/** Modes beyond these hold less than a hundredth of the population's variance. */
const IDENTITY_MODES = 60;

const head = readIct(openSafetensors(source), { modes: 100 });

/** Principal components of the identity offsets, each scaled to one standard deviation; translation taken out. */
function identityBasis(template: FaceTemplate, count: number): Float32Array[] {
  const n = head.identityCount;
  const base = sampleAt(template, head.neutral);
  const rows = Array.from({ length: n }, (_, k) => {
    const one = Float32Array.from({ length: n }, (_, i) => (i === k ? 1 : 0));
    const offset = sampleAt(template, head.identityShape(one)).map((v, i) => v - base[i]!);
    return centred(offset);
  });
  const gram = new Float64Array(n * n);
  for (let a = 0; a < n; a++)
    for (let b = 0; b < n; b++) gram[a * n + b] = rows[a]!.reduce((s, v, i) => s + v * rows[b]![i]!, 0);
  const { values, vectors } = symmetricEigen(gram, n);
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, count);
  const total = values.reduce((a, b) => a + b, 0);
  const held = order.reduce((sum, i) => sum + values[i]!, 0);
  console.log(`identity: ${count} modes hold ${((100 * held) / total).toFixed(2)} %`);
  return order.map((column) => {
    const mode = new Float32Array(base.length);
    rows.forEach((row, k) => {
      for (let i = 0; i < mode.length; i++) mode[i]! += vectors[k * n + column]! * row[i]!;
    });
    return mode;
  });
}

function centred(offset: Float32Array): Float32Array {
  const mean = [0, 1, 2].map((c) => offset.reduce((s, v, i) => (i % 3 === c ? s + v : s), 0) / (offset.length / 3));
  return offset.map((v, i) => v - mean[i % 3]!);
}

/** How far people usually move each muscle group, for the fit's prior: broad for the jaw and smiles, narrow for rarities. */
function expectedDeviation(name: string): number {
  if (name === 'jawOpen' || /mouthSmile|eyeBlink|browInnerUp/.test(name)) return 0.4;
  if (/mouthClose|jawForward|mouthRoll|mouthShrug/.test(name)) return 0.12;
  return 0.25;
}

/** Moves the origin so that the five points' mean falls on the standard face's. */
function toStandardFace(mean: Float32Array): Float32Array {
  const shift = [0, 0, 0].map((_, c) => {
    const ours = FIVE_POINT_SETS.map((set) => set.reduce((s, v) => s + mean[3 * v + c]!, 0) / set.length);
    return STANDARD_FACE.reduce((s, p, i) => s + p[c as 0 | 1 | 2] - ours[i]!, 0) / STANDARD_FACE.length;
  });
  shift[0] = 0; // the template is symmetric; the standard face is off by 0.001
  return mean.map((v, i) => v + shift[i % 3]!);
}

/** What the reader's lessons need: people as the training sets drew them, and their coefficients in the model's own modes. */
function groundOf(model: Omit<MorphableModel, 'reader'>): ReaderGround {
  const base = sampleAt(template, head.neutral);
  const sizes = model.identityBasis.map((mode) => mode.reduce((sum, v) => sum + v * v, 0));
  const identityOf = (coefficients: Float32Array) => {
    const offset = centred(sampleAt(template, head.identityShape(coefficients)).map((v, i) => v - base[i]!));
    return Float64Array.from(
      model.identityBasis,
      (mode, k) => offset.reduce((s, v, i) => s + v * mode[i]!, 0) / sizes[k]!,
    );
  };
  return { head: openHeadModel(source), model, identityOf, mirror: template.mirror };
}

const template = await buildFaceTemplate(head, Number(peopleText));
const names = [...head.expressions.keys()].filter((name) => !name.startsWith('eyeLook') || name.includes('Down'));
const expressions = names.map((name) => {
  const moved = sampleAt(template, expressed(head, head.neutral, { [name]: 1 }));
  const base = sampleAt(template, head.neutral);
  return moved.map((v, i) => v - base[i]!);
});
const mean = toStandardFace(sampleAt(template, head.neutral));
const model: Omit<MorphableModel, 'reader'> = {
  name: 'builtin-2',
  vertexCount: template.points.length,
  mean,
  identityBasis: identityBasis(template, IDENTITY_MODES),
  expressionBasis: expressions,
  expressionNames: names,
  expressionRange: 'unit',
  expressionStds: Float32Array.from(names, expectedDeviation),
  triangles: template.triangles,
  trackerVertices: Int32Array.from({ length: MESH_POINTS }, (_, i) => i),
  landmarks68: Int32Array.from(LANDMARKS_68),
  landmarks5: FIVE_POINT_SETS.map((set) => [...set]),
};
const reader = folders.length > 0 ? learnReader(groundOf(model), folders) : null;
await saveMorphableModel(
  output,
  { ...model, reader },
  {
    licence: 'MIT',
    source: 'statistics of virtual scans of ICT-FaceKit Light heads (MIT, USC Institute for Creative Technologies)',
  },
);
console.log(
  `${output}: ${model.vertexCount} vertices, ${model.triangles.length / 3} triangles, ${names.length} expressions`,
);
const five = FIVE_POINT_SETS.map((set) =>
  [0, 1, 2].map((c) => set.reduce((s, v) => s + mean[3 * v + c]!, 0) / set.length),
);
console.log('five points', five.map((p) => p.map((v) => v.toFixed(3)).join(' ')).join(' | '));
