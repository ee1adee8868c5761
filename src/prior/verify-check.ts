/**
 * What a check of `joker verify` is made of, and the few helpers that checks share.
 *
 * No check stands here: see `verify-networks.ts` and `verify-sampling.ts`.
 */
import { readTensor, type SafetensorsFile, tensorEntry } from '../core/files/safetensors.js';
import type { Graph, Tensor, Values } from '../graph/index.js';
import type { WeightFile } from './weights.js';

/** A check's files, opened, and where its results go. */
export type CheckContext = {
  /** a tensor file of the check, without `.safetensors` */
  tensors(name: string): SafetensorsFile;
  /** a parsed config of the check, without `.json` */
  json(name: string): unknown;
  /** path for error messages */
  path(name: string): string;
  /** threads of the runtime, or undefined for all */
  readonly threads: number | undefined;
  /** hands in an output: ours beside the tensor `key` of `file` */
  compare(label: string, ours: ArrayLike<number>, file: SafetensorsFile, key: string): void;
};

/** A group of outputs that need the same files. */
export type VerifyCheck = {
  /** name of the check; rows are called `what: label` */
  readonly what: string;
  /** file with the reference outputs; where it is not, there is nothing to check */
  readonly outputs: string;
  /** other files needed: configs and weights */
  readonly files: readonly string[];
  /** sub-folder in which the files stand, or '' */
  readonly folder?: string;
  run(context: CheckContext): Promise<void>;
};

/** The weights of one file under a prefix. */
export function asFiles(prefix: string, file: SafetensorsFile): WeightFile[] {
  return [{ prefix, file }];
}

/** Declares the tensor `key` of a file as a float32 input of its shape. */
export function inputOf(graph: Graph, file: SafetensorsFile, key: string): Tensor {
  return graph.input(key, tensorEntry(file, key).shape);
}

/** Values of tensors of a file as feeds of the same names. */
export function feedsOf(file: SafetensorsFile, keys: readonly string[]): Record<string, Values> {
  return Object.fromEntries(keys.map((key) => [key, readTensor(file, key)]));
}

/** File names of tensor files. */
export function tensorFiles(...names: string[]): string[] {
  return names.map((name) => `${name}.safetensors`);
}
