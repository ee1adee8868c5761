/**
 * Which stored tensor becomes which weight of a prior: strict, so that a missing, unexpected or misshapen weight is named
 * before anything is written.
 *
 * Reads and writes nothing; `run/import-model.ts` does. Spellings are `nets/keys.ts`'s and `nets/ldm-keys.ts`'s.
 */
import { JokerError } from '../core/errors.js';
import { foldInName, randomKey } from '../core/rng.js';
import { canonicalKey, initialise, isBookkeeping, isLdmExtra, ldmIndex, type ParameterLike } from '../nets/index.js';
import type { PriorConfig } from './config.js';
import { PREFIXES } from './networks.js';

/** Anything with a shape under a stored name, e.g. a stream. */
export type Shaped = { readonly shape: readonly number[] };

/** How the names of a file are spelt: diffusers' (ours, old and new), or those of original Stable Diffusion checkpoints. */
export type Spelling = 'diffusers' | 'ldm';

/** A stored tensor under our name. */
export type Offered<Tensor extends Shaped> = { readonly stored: string; readonly tensor: Tensor };

/**
 * Stored tensors by our names. Bookkeeping is left out; names that mean nothing to us keep their own.
 * @param prefix what our names have and the file's lack, e.g. 'unet.' for a part of a diffusers folder.
 * @throws JokerError bad-weights when two stored names mean the same weight.
 */
export function ourNames<Tensor extends Shaped>(
  tensors: ReadonlyMap<string, Tensor>,
  options: {
    readonly prefix: string;
    readonly spelling: Spelling;
    readonly wanted: readonly ParameterLike[];
    config: PriorConfig;
  },
): Map<string, Offered<Tensor>> {
  const { prefix, spelling, wanted, config } = options;
  const table =
    spelling === 'ldm'
      ? ldmIndex(
          wanted.map(({ name }) => name),
          config,
        )
      : null;
  const out = new Map<string, Offered<Tensor>>();
  for (const [stored, tensor] of tensors) {
    const full = prefix + stored;
    if (isBookkeeping(stored) || (table && isLdmExtra(full))) continue;
    const name = table ? (table.get(full) ?? full) : canonicalKey(full);
    const other = out.get(name);
    if (other) throw new JokerError('bad-weights', `'${stored}' and '${other.stored}' both mean '${name}'`, REMEDY);
    out.set(name, { stored, tensor });
  }
  return out;
}

const REMEDY = 'Use weights and configs of one and the same model.';

/**
 * The tensor of every wanted weight, in the order wanted.
 * @param where the source, for errors.
 * @throws JokerError bad-weights naming what is missing, what is there and not wanted, and the first shape that does not fit.
 */
export function matchWeights<Tensor extends Shaped>(
  wanted: readonly ParameterLike[],
  offered: ReadonlyMap<string, Offered<Tensor>>,
  where: string,
): Map<string, Tensor> {
  const names = new Set(wanted.map(({ name }) => name));
  const missing = wanted.filter(({ name }) => !offered.has(name)).map(({ name }) => name);
  const extra = [...offered].filter(([name]) => !names.has(name)).map(([, { stored }]) => stored);
  const complaints = [some('lacks', missing), some('holds the unexpected', extra)].filter((text) => text !== '');
  if (complaints.length > 0) throw new JokerError('bad-weights', `${where}: ${complaints.join('; ')}`, REMEDY);
  return new Map(wanted.map(({ name, shape }) => [name, fitting(offered.get(name)!, shape, where)]));
}

/** A count and the first names, or '' when there are none. */
function some(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const first = names.slice(0, 5).map((name) => `'${name.slice(0, 120)}'`);
  return `${what} ${names.length === 1 ? 'weight' : `${names.length} weights`} ${first.join(', ')}${names.length > 5 ? ' …' : ''}`;
}

/** A tensor may lack or have trailing ones: 1×1 convolutions and linear layers are one thing. */
function fitting<Tensor extends Shaped>(
  { stored, tensor }: Offered<Tensor>,
  shape: readonly number[],
  where: string,
): Tensor {
  if (trimmed(tensor.shape) === trimmed(shape)) return { ...tensor, shape };
  const what = `${where}: weight '${stored}' is [${tensor.shape}], the config asks for [${shape}]`;
  throw new JokerError('bad-weights', what, REMEDY);
}

function trimmed(shape: readonly number[]): string {
  let end = shape.length;
  while (end > 1 && shape[end - 1] === 1) end--;
  return shape.slice(0, end).join(',');
}

/** Weights with this prefix. */
export function ofPart(parameters: readonly ParameterLike[], prefix: string): ParameterLike[] {
  return parameters.filter(({ name }) => name.startsWith(prefix));
}

/**
 * First weights of a part that Stable Diffusion does not have, as the paper starts it: the reference UNet and the ControlNet's
 * encoder and middle are copies of the UNet; the ControlNet's other layers are new, its last ones zero, so that it changes
 * nothing at first.
 * @param wanted the part's parameters.
 * @param unet the UNet's tensors by our names.
 * @param make a tensor of new values.
 */
export function startedPart<Tensor extends Shaped>(
  wanted: readonly ParameterLike[],
  unet: ReadonlyMap<string, Tensor>,
  make: (shape: readonly number[], values: Float32Array) => Tensor,
): Map<string, Tensor> {
  const copied = ({ name }: ParameterLike) => unet.get(name.replace(/^(ref_unet|controlnet)\./, PREFIXES.unet));
  const fresh = initialise(
    wanted.filter((parameter) => !copied(parameter)),
    foldInName(randomKey(0), 'fresh layers of an import'),
  );
  return new Map(wanted.map((p) => [p.name, copied(p) ?? make(p.shape, fresh.get(p.name)!)]));
}
