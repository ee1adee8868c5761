/**
 * A distillation under way: everything that a killed run needs to go on to the same result.
 *
 * Random numbers are keyed by seed and step, so no generator state is kept. A checkpoint is one safetensors file: the head
 * as head/file.ts writes it, beside moments and targets.
 */

import { JokerError } from '../core/errors.js';
import {
  openSafetensors,
  readTensor,
  type SafetensorsFile,
  type TensorToWrite,
  tensorEntry,
  writeSafetensors,
} from '../core/files/safetensors.js';
import type { Image } from '../core/image.js';
import { randomKey } from '../core/rng.js';
import { type Head, type HeadView, headFromTensors, headTensors, initialHead } from '../head/index.js';
import type { DistillConfig } from './config.js';
import { initialMoments, type MomentTable } from './step.js';

/** State between steps. Arrays are updated in place by the run that owns it. */
export type DistillState = {
  readonly head: Head;
  readonly moments: MomentTable;
  /** steps done = number of the next step */
  readonly step: number;
  /** the step whose target update was made last; −1 = none yet */
  readonly updated: number;
  /** one target per view, of the teacher's size; empty before the first update */
  readonly targets: readonly Image[];
};

/** The state before the first step. */
export function initialState(config: DistillConfig, view?: HeadView): DistillState {
  const head = initialHead(config.field, randomKey(config.seed), view);
  return { head, moments: initialMoments(head), step: 0, updated: -1, targets: [] };
}

/** The same state with a table and moments of its own: those of a run lie in memory that its kernels go on changing. */
export function copyState(state: DistillState): DistillState {
  const { first, second } = state.moments['table']!;
  return {
    ...state,
    head: { ...state.head, table: state.head.table.slice() },
    moments: { ...state.moments, table: { first: first.slice(), second: second.slice() } },
  };
}

/** The tensors and metadata of a checkpoint. Targets are kept as float32, exactly. */
export function stateTensors(state: DistillState): { tensors: TensorToWrite[]; metadata: Record<string, string> } {
  const { tensors, metadata } = headTensors(state.head);
  for (const [name, { first, second }] of Object.entries(state.moments)) {
    tensors.push({ name: `first.${name}`, dtype: 'F32', shape: [first.length], data: first });
    tensors.push({ name: `second.${name}`, dtype: 'F32', shape: [second.length], data: second });
  }
  state.targets.forEach(({ data, width, height, channels }, i) => {
    tensors.push({ name: `target.${i}`, dtype: 'F32', shape: [height, width, channels], data });
  });
  const progress = { step: state.step, updated: state.updated, targets: state.targets.length };
  return { tensors, metadata: { ...metadata, distill: JSON.stringify(progress) } };
}

/** A state from an opened checkpoint. @throws JokerError bad-file, bad-weights. */
export function stateFromTensors(file: SafetensorsFile): DistillState {
  const head = headFromTensors(file);
  const { step, updated, targets } = parseProgress(file);
  const moments = initialMoments(head);
  for (const [name, { first, second }] of Object.entries(moments)) {
    fill(file, `first.${name}`, first);
    fill(file, `second.${name}`, second);
  }
  return { head, moments, step, updated, targets: Array.from({ length: targets }, (_, i) => readImage(file, i)) };
}

function parseProgress(file: SafetensorsFile): { step: number; updated: number; targets: number } {
  const damaged = () =>
    new JokerError('bad-file', `${file.path}: not a distillation checkpoint`, 'Start the run anew.');
  let value: unknown;
  try {
    value = JSON.parse(file.metadata['distill'] ?? '');
  } catch {
    throw damaged();
  }
  const { step, updated, targets } = Object(value) as Record<string, unknown>;
  if (!isWhole(step, 0) || !isWhole(updated, -1) || !isWhole(targets, 0)) throw damaged();
  return { step, updated, targets };
}

function isWhole(value: unknown, low: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value < 1e9;
}

function fill(file: SafetensorsFile, name: string, out: Float32Array): void {
  const values = readTensor(file, name);
  if (values.length !== out.length)
    throw new JokerError(
      'bad-weights',
      `${file.path}: ${name} has ${values.length} values, not ${out.length}`,
      'Start the run anew.',
    );
  out.set(values);
}

function readImage(file: SafetensorsFile, index: number): Image {
  const [height, width, channels] = tensorEntry(file, `target.${index}`).shape;
  if (height === undefined || width === undefined || channels !== 3)
    throw new JokerError('bad-weights', `${file.path}: target.${index} is not a colour image`, 'Start the run anew.');
  return { width, height, channels, data: readTensor(file, `target.${index}`) };
}

/** Writes a checkpoint, whole or not at all. @throws JokerError not-writable. */
export async function saveState(path: string, state: DistillState): Promise<void> {
  const { tensors, metadata } = stateTensors(state);
  await writeSafetensors(path, tensors, metadata);
}

/** Reads a checkpoint. @throws JokerError missing-file, bad-file, bad-weights. */
export function loadState(path: string): DistillState {
  return stateFromTensors(openSafetensors(path));
}
