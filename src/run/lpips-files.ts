/**
 * LPIPS from files that the user has: torchvision's AlexNet or VGG16 and the linear layers of the package `lpips`, in one file or
 * in one each, safetensors or torch.save's. Which network it is, the shapes tell.
 *
 * Names and shapes are checked here; numbers are read when a program is compiled. Nothing of this is shipped.
 */
import { JokerError } from '../core/errors.js';
import { asFloats, streamValues, type TensorStream } from '../core/files/tensor-stream.js';
import { openStoredWeights } from '../core/files/weight-file.js';
import { sameShape } from '../graph/index.js';
import {
  LPIPS_PREFIX,
  LPIPS_SMALLEST,
  LPIPS_WIDTHS,
  type LpipsBackbone,
  type LpipsModel,
  type LpipsWidths,
  lpipsParameters,
} from '../nets/index.js';

const NETWORKS: Readonly<Record<LpipsBackbone, string>> = { alex: 'AlexNet', vgg: 'VGG16' };
const REMEDY =
  "Name torchvision's alexnet or vgg16 and the linear layers of the package lpips (v0.1) for it, with a comma between two files.";

type Found = { readonly path: string; readonly stored: string; readonly stream: TensorStream };

/**
 * Opens one file that holds both parts, or two.
 * @param widths channels that are accepted; default: those of the published networks.
 * @throws JokerError missing-file, bad-file; bad-weights for files that are no LPIPS, bad-argument for more than two.
 */
export function openLpips(
  paths: readonly string[],
  widths: Readonly<Record<LpipsBackbone, LpipsWidths>> = LPIPS_WIDTHS,
): LpipsModel {
  if (paths.length < 1 || paths.length > 2)
    throw new JokerError('bad-argument', `LPIPS from ${paths.length} files; one or two are read`, REMEDY);
  const found = findAll(paths);
  const backbone = backboneOf(found, paths);
  const config = { backbone, widths: widths[backbone] };
  const tensors = new Map(
    lpipsParameters(config).map(({ name, shape }) => [name, checked(name, shape, found, backbone, paths)]),
  );
  return {
    config,
    name: `lpips(${backbone})`,
    weights: (name) => ({ kind: 'memory', data: streamValues(tensors.get(name.slice(LPIPS_PREFIX.length))!) }),
    paths,
  };
}

function checked(
  name: string,
  shape: readonly number[],
  found: ReadonlyMap<string, Found>,
  backbone: LpipsBackbone,
  paths: readonly string[],
): TensorStream {
  const place = found.get(name);
  const network = `LPIPS with ${NETWORKS[backbone]}`;
  if (!place) throw refusal(paths.join(', '), `holds no '${name}', which ${network} needs`);
  const { path, stored, stream } = place;
  if (sameShape(stream.shape, shape)) return asFloats(stream, false, stored);
  throw refusal(path, `'${stored}' is [${stream.shape}], in ${network} it is [${shape}]`);
}

/** Refuses pictures of a side that leaves no pixel on the deepest level. @throws JokerError bad-argument. */
export function checkLpipsSide({ name, config }: LpipsModel, side: number, what: string): void {
  const least = LPIPS_SMALLEST[config.backbone];
  if (side >= least) return;
  const rule = `${name} needs pictures of at least ${least}², ${what} are ${side}²`;
  throw new JokerError('bad-argument', rule, 'Leave --lpips out, or use larger pictures.');
}

/** Tensors by the names that `lpipsParameters` uses. A name in both files would leave open which one counts. */
function findAll(paths: readonly string[]): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const path of paths)
    for (const [stored, stream] of openStoredWeights(path).tensors) {
      const name = canonical(stored);
      const known = name === null ? undefined : found.get(name);
      if (known && known.path !== path) throw refusal(`${known.path}, ${path}`, `both hold '${name}'`);
      if (name !== null && !known) found.set(name, { path, stored, stream });
    }
  return found;
}

/** torchvision: features.N; the package: net.sliceK.N, linN and the same once more as lins.N. Other tensors are left alone. */
function canonical(stored: string): string | null {
  const [, at, part] = /^(?:features|(?:net\.){1,2}slice\d)\.(\d+)\.(weight|bias)$/.exec(stored) ?? [];
  if (at) return `features.${at}.${part}`;
  const [, level] = /^(?:net\.)?lin(?:s\.)?(\d)\.model\.1\.weight$/.exec(stored) ?? [];
  return level ? `lin${level}.model.1.weight` : null;
}

function backboneOf(found: ReadonlyMap<string, Found>, paths: readonly string[]): LpipsBackbone {
  const first = found.get('features.0.weight');
  if (!first) throw refusal(paths.join(', '), "holds no 'features.0.weight', so neither AlexNet nor VGG16");
  const kernel = first.stream.shape.slice(1).join();
  if (kernel === '3,11,11') return 'alex';
  if (kernel === '3,3,3') return 'vgg';
  throw refusal(first.path, `'${first.stored}' is [${first.stream.shape}], neither AlexNet's nor VGG16's`);
}

function refusal(path: string, what: string): JokerError {
  return new JokerError('bad-weights', `${path}: ${what}`, REMEDY);
}
