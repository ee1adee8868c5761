/**
 * Reading and writing a morphable model as one safetensors file (the form of assets/face/builtin.safetensors).
 *
 * Tensors: mean [N,3]; identity [K,N,3] and expression [E,N,3] as rows divided by their largest entry, with that entry in
 * identity_scale [K] and expression_scale [E], so that fp16 keeps its digits; expression_stds [E]; triangles [T,3] and
 * tracker_vertices [468] as whole numbers. Where the model has a reader: reader [C,468,3] and reader_scale as the bases,
 * reader_reference [468,3], reader_centre [C], reader_deviations [C]. Metadata: name, expression_names.
 */
import { JokerError } from '../../core/errors.js';
import {
  openSafetensors,
  readIntegers,
  readTensor,
  type SafetensorsFile,
  type TensorToWrite,
  tensorEntry,
  writeSafetensors,
} from '../../core/files/safetensors.js';
import { FIVE_POINT_SETS, LANDMARKS_68, MESH_POINTS } from '../tracker/topology.js';
import type { LandmarkReader, MorphableModel } from './model.js';

/**
 * Reads a model file.
 * @throws JokerError missing-file, bad-file, bad-weights (a tensor is missing or does not fit the others).
 */
export function loadMorphableModel(path: string): MorphableModel {
  return morphableModelFrom(openSafetensors(path));
}

/** A model from an opened file. */
export function morphableModelFrom(file: SafetensorsFile): MorphableModel {
  const [vertexCount] = shapeIn(file, 'mean', [null, 3]) as [number, number];
  const names = (file.metadata['expression_names'] ?? '').split(',').filter(Boolean);
  shapeIn(file, 'expression', [names.length, vertexCount, 3]);
  shapeIn(file, 'identity', [null, vertexCount, 3]);
  shapeIn(file, 'tracker_vertices', [MESH_POINTS]);
  const trackerVertices = checkedIndices(file, 'tracker_vertices', vertexCount, -1);
  const vertexOf = (point: number) => trackerVertices[point]!;
  return {
    name: file.metadata['name'] ?? 'unnamed',
    vertexCount,
    mean: finite(file, 'mean'),
    identityBasis: scaledRows(file, 'identity'),
    expressionBasis: scaledRows(file, 'expression'),
    expressionNames: names,
    expressionRange: 'unit',
    expressionStds: deviationsIn(file, 'expression_stds', names.length),
    triangles: Uint32Array.from(checkedIndices(file, 'triangles', vertexCount, 0)),
    trackerVertices,
    landmarks68: Int32Array.from(LANDMARKS_68, vertexOf),
    landmarks5: FIVE_POINT_SETS.map((set) => set.map(vertexOf)),
    reader: readerIn(file),
  };
}

/** The file's reader of as many coefficients as it has modes; null when it has none. */
function readerIn(file: SafetensorsFile): LandmarkReader | null {
  if (!file.entries.has('reader')) return null;
  const shapes = tensorEntry(file, 'expression').shape[0]!;
  const count = 3 + tensorEntry(file, 'identity').shape[0]! + shapes; // 3 angles first
  shapeIn(file, 'reader', [count, MESH_POINTS, 3]);
  shapeIn(file, 'reader_reference', [MESH_POINTS, 3]);
  shapeIn(file, 'reader_centre', [count]);
  return {
    reference: finite(file, 'reader_reference'),
    centre: finite(file, 'reader_centre'),
    weights: scaledRows(file, 'reader'),
    deviations: deviationsIn(file, 'reader_deviations', count),
  };
}

function shapeIn(file: SafetensorsFile, name: string, expected: (number | null)[]): readonly number[] {
  const { shape } = tensorEntry(file, name);
  if (shape.length !== expected.length || expected.some((n, i) => n !== null && n !== shape[i]))
    throw wrong(file, `${name} has shape [${shape}], expected [${expected.map((n) => n ?? 'any')}]`);
  return shape;
}

function checkedIndices(file: SafetensorsFile, name: string, end: number, low: number): Int32Array {
  const values = readIntegers(file, name);
  const bad = values.find((value) => value < low || value >= end);
  if (bad !== undefined) throw wrong(file, `${name} names vertex ${bad} of ${end}`);
  return values;
}

function scaledRows(file: SafetensorsFile, name: string): Float32Array[] {
  const count = tensorEntry(file, name).shape[0]!;
  shapeIn(file, `${name}_scale`, [count]);
  const [values, scale] = [finite(file, name), finite(file, `${name}_scale`)];
  const length = values.length / Math.max(1, count);
  return Array.from(scale, (s, k) => values.slice(k * length, (k + 1) * length).map((v) => v * s));
}

/** Values without NaN and infinities, which a fit would carry into everything. */
function finite(file: SafetensorsFile, name: string): Float32Array {
  const values = readTensor(file, name);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw wrong(file, `${name} has the value ${values[bad]} at ${bad}`);
  return values;
}

function deviationsIn(file: SafetensorsFile, name: string, count: number): Float32Array {
  shapeIn(file, name, [count]);
  const values = finite(file, name);
  if (!values.every((value) => value > 0)) throw wrong(file, `${name} has a value that is not above 0`);
  return values;
}

function wrong(file: SafetensorsFile, what: string): JokerError {
  return new JokerError(
    'bad-weights',
    `${file.path}: ${what}`,
    'Install the package again, or name another model file.',
  );
}

/** Writes a model file; `card` becomes part of its metadata (licence, source, how it was made). */
export async function saveMorphableModel(
  path: string,
  model: MorphableModel,
  card: Record<string, string> = {},
): Promise<void> {
  const n = model.vertexCount;
  const tensors: TensorToWrite[] = [
    { name: 'mean', dtype: 'F32', shape: [n, 3], data: model.mean },
    ...scaledTensors('identity', model.identityBasis, n),
    ...scaledTensors('expression', model.expressionBasis, n),
    { name: 'expression_stds', dtype: 'F32', shape: [model.expressionStds.length], data: model.expressionStds },
    { name: 'triangles', dtype: 'I32', shape: [model.triangles.length / 3, 3], data: Int32Array.from(model.triangles) },
    { name: 'tracker_vertices', dtype: 'I32', shape: [MESH_POINTS], data: model.trackerVertices },
    ...(model.reader ? readerTensors(model.reader) : []),
  ];
  await writeSafetensors(path, tensors, {
    ...card,
    name: model.name,
    expression_names: model.expressionNames.join(','),
  });
}

function readerTensors({ reference, centre, weights, deviations }: LandmarkReader): TensorToWrite[] {
  return [
    ...scaledTensors('reader', weights, MESH_POINTS),
    { name: 'reader_reference', dtype: 'F32', shape: [MESH_POINTS, 3], data: reference },
    { name: 'reader_centre', dtype: 'F32', shape: [centre.length], data: centre },
    { name: 'reader_deviations', dtype: 'F32', shape: [deviations.length], data: deviations },
  ];
}

function scaledTensors(name: string, rows: readonly Float32Array[], n: number): TensorToWrite[] {
  const scale = Float32Array.from(rows, (row) => row.reduce((a, v) => Math.max(a, Math.abs(v)), 0) || 1); // 1: an all-zero row
  const data = new Float32Array(rows.length * 3 * n);
  rows.forEach((row, k) => {
    for (let i = 0; i < row.length; i++) data[k * 3 * n + i] = row[i]! / scale[k]!;
  });
  return [
    { name, dtype: 'F16', shape: [rows.length, n, 3], data },
    { name: `${name}_scale`, dtype: 'F32', shape: [rows.length], data: scale },
  ];
}
