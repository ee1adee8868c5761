/**
 * Checkpoints of long computations: whole or not there, the two newest readable ones kept, the newest readable one found again.
 *
 * Knows nothing of what is stored: float32 arrays by name, and a small JSON value.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { JokerError } from '../errors.js';
import {
  openSafetensors,
  readTensor,
  type SafetensorsFile,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors.js';

const NAME = /^checkpoint-(\d{9})\.safetensors$/;
/** Two, so that a disk error in the newest still leaves one. */
const KEPT = 2;

/** A checkpoint that was found. */
export type Checkpoint = {
  /** steps done */
  readonly step: number;
  /** the JSON value that was stored */
  readonly note: unknown;
  readonly file: SafetensorsFile;
};

/** Writes checkpoint-<step>.safetensors into `folder` (made if absent), then removes all but the two newest that can be read. */
export async function saveCheckpoint(
  folder: string,
  step: number,
  tensors: ReadonlyMap<string, Float32Array>,
  note: unknown,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const list: TensorToWrite[] = [...tensors].map(([name, data]) => ({
    name,
    dtype: 'F32',
    shape: [data.length],
    data,
  }));
  const path = join(folder, `checkpoint-${String(step).padStart(9, '0')}.safetensors`);
  await writeSafetensors(path, list, { step: String(step), note: JSON.stringify(note) });
  let kept = 0;
  for (const name of checkpointNames(folder))
    if (kept < KEPT && readCheckpoint(folder, name)) kept++;
    else rmSync(join(folder, name), { force: true });
}

/** A checkpoint, or null if it is damaged. */
function readCheckpoint(folder: string, name: string): Checkpoint | null {
  try {
    const file = openSafetensors(join(folder, name));
    return { step: Number(file.metadata['step']), note: JSON.parse(file.metadata['note'] ?? 'null'), file };
  } catch (error) {
    if (error instanceof JokerError || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The newest checkpoint of a folder that can be read, or null. Damaged ones are passed over. */
export function newestCheckpoint(folder: string): Checkpoint | null {
  for (const name of checkpointNames(folder)) {
    const checkpoint = readCheckpoint(folder, name);
    if (checkpoint) return checkpoint;
  }
  return null;
}

/** An array of a checkpoint, checked against the length that is expected. */
export function checkpointValues(checkpoint: Checkpoint, name: string, length: number): Float32Array {
  const values = readTensor(checkpoint.file, name);
  if (values.length !== length)
    throw new JokerError(
      'bad-weights',
      `${checkpoint.file.path}: '${name}' has ${values.length} values, the network has ${length}`,
      'The checkpoint belongs to another configuration: choose another --out folder or remove it.',
    );
  return values;
}

/** Names, newest first. */
function checkpointNames(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => NAME.test(name))
    .sort()
    .reverse();
}
