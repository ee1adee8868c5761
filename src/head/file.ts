/**
 * A head as one safetensors file: tables, networks and occupancy as tensors, the rest as JSON in the metadata.
 *
 * Reading checks every shape against the config: a damaged file is refused, never half read.
 */

import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import {
  openSafetensors,
  readIntegers,
  readTensor,
  type SafetensorsFile,
  type TensorToWrite,
  tensorEntry,
  writeSafetensors,
} from '../core/files/safetensors.js';
import { FEATURES_PER_LEVEL, type FieldConfig, fieldLayout, networkShapes } from './field.js';
import type { Head } from './head.js';

/** Value of the metadata key `format`: what the file is, and of which version. */
export const HEAD_FORMAT = 'joker-head-1';

const finite = z.number().refine(Number.isFinite);
const headerSchema = z.object({
  config: z.object({
    halfSide: finite,
    levels: z.int(),
    log2TableSize: z.int(),
    baseResolution: finite,
    growth: finite,
    hidden: z.int(),
    backgroundHidden: z.int(),
    biasHeight: finite,
    biasRadius: finite,
    densityScale: finite,
    background: z.enum(['world', 'picture']),
  }),
  view: z.object({ distance: finite, focal: finite, azimuth: finite, elevation: finite }),
  meta: z.record(z.string(), z.string()),
  occupancyResolution: z.int().min(1).max(256),
});

/** The tensors and metadata of a head's file. */
export function headTensors(head: Head): { tensors: TensorToWrite[]; metadata: Record<string, string> } {
  const { config, view, meta, occupancy } = head;
  const tensors: TensorToWrite[] = [
    {
      name: 'table',
      dtype: 'F32',
      shape: [head.table.length / FEATURES_PER_LEVEL, FEATURES_PER_LEVEL],
      data: head.table,
    },
    { name: 'occupancy.values', dtype: 'F32', shape: [occupancy.values.length], data: occupancy.values },
    { name: 'occupancy.occupied', dtype: 'U8', shape: [occupancy.occupied.length], data: occupancy.occupied },
  ];
  for (const [name, shape] of Object.entries(networkShapes(config)))
    tensors.push({ name, dtype: 'F32', shape, data: head.networks[name]! });
  const header = JSON.stringify({ config, view, meta, occupancyResolution: occupancy.resolution });
  return { tensors, metadata: { format: HEAD_FORMAT, head: header } };
}

/**
 * A head from an opened file; tensors of other names are ignored, so that a checkpoint can be read as a head.
 * @throws JokerError bad-file when it is not a head, bad-weights when a tensor is missing or has another shape.
 */
export function headFromTensors(file: SafetensorsFile): Head {
  const header = parseHead(file);
  const config: FieldConfig = header.config;
  const cells = header.occupancyResolution ** 3;
  const networks: Record<string, Float32Array> = {};
  for (const [name, shape] of Object.entries(networkShapes(config))) networks[name] = checked(file, name, shape);
  const table = checked(file, 'table', [fieldLayout(config).entries, FEATURES_PER_LEVEL]);
  const values = checked(file, 'occupancy.values', [cells]);
  const occupied = Uint8Array.from(readIntegers(file, 'occupancy.occupied'), (x) => (x ? 1 : 0));
  if (occupied.length !== cells) throw wrong(file, `occupancy.occupied has ${occupied.length} values, not ${cells}`);
  const occupancy = { resolution: header.occupancyResolution, values, occupied };
  return { config, table, networks, occupancy, view: header.view, meta: header.meta };
}

function parseHead(file: SafetensorsFile): z.infer<typeof headerSchema> {
  const { format, head } = file.metadata;
  if (format !== HEAD_FORMAT || head === undefined)
    throw new JokerError(
      'bad-file',
      `${file.path}: not a head (format '${format ?? ''}')`,
      'Name a head made by joker.',
    );
  try {
    return headerSchema.parse(JSON.parse(head));
  } catch (cause) {
    throw new JokerError('bad-file', `${file.path}: damaged head description`, 'Make the head again.', { cause });
  }
}

function checked(file: SafetensorsFile, name: string, shape: readonly number[]): Float32Array {
  const entry = tensorEntry(file, name);
  if (entry.shape.length !== shape.length || entry.shape.some((size, i) => size !== shape[i]))
    throw wrong(file, `${name} has shape [${entry.shape}], not [${shape}]`);
  const values = readTensor(file, name);
  if (!values.every(Number.isFinite)) throw wrong(file, `${name} holds values that are not numbers`);
  return values;
}

function wrong(file: SafetensorsFile, what: string): JokerError {
  return new JokerError('bad-weights', `${file.path}: ${what}`, 'Make the head again.');
}

/** Writes a head to one safetensors file, whole or not at all. @throws JokerError not-writable. */
export async function saveHead(path: string, head: Head): Promise<void> {
  const { tensors, metadata } = headTensors(head);
  await writeSafetensors(path, tensors, metadata);
}

/** Reads a head. @throws JokerError missing-file, bad-file, bad-weights. */
export function loadHead(path: string): Head {
  return headFromTensors(openSafetensors(path));
}
