/**
 * A head to its output folder, in the forms that were asked for: what the jobs `head`, `heads` and `export` share.
 *
 * Opens the renderer and passes on; the forms themselves are deliver's.
 */
import {
  checkSweepSize,
  type Export,
  type ExtraFile,
  isDelivery,
  type Json,
  type Manifest,
  type Marker,
  productsOfHead,
  SWEEPS,
  type Sweep,
  writeBundle,
} from '../deliver/index.js';
import type { DistillConfig } from '../distill/index.js';
import type { Device } from '../graph/index.js';
import { type Head, HeadRenderer } from '../head/index.js';
import type { JobContext } from './job.js';

/** Name of the field's file in a delivery. */
export const HEAD_FILE = 'head.safetensors';

/** What of a head is delivered, and how. Defaults where none is named: those of `BundleOptions`. */
export type DeliveryOptions = {
  /** forms of the head */
  readonly what?: readonly Export[];
  /** how the camera moves in the moving picture */
  readonly sweep?: Sweep;
  /** frames of the sweep; default: 36 of a turntable, the paper's 300 of a spiral and 15 of val */
  readonly frames?: number;
  /** how far the sweep and the views swing to each side, radians; default: as far as the head was distilled from */
  readonly azimuth?: number;
  readonly elevation?: number;
  readonly views?: number;
  /** cells along the longest side of mesh and viewer; default 96 */
  readonly resolution?: number;
  readonly splats?: number;
};

/** Enough for a swing that looks smooth, at two thirds of the time that 60 would take. */
const TURNTABLE_FRAMES = 36;
/** A cell is then about 3 mm of a real head, a pixel of a 64² picture. */
const RESOLUTION = 96;

function framesOf({ frames, sweep = 'turntable' }: DeliveryOptions): number {
  return frames ?? (sweep === 'turntable' ? TURNTABLE_FRAMES : SWEEPS[sweep]);
}

/** Refuses what could not be delivered: call it before long work. @throws JokerError bad-argument. */
export function checkDelivery(options: DeliveryOptions, size: number): void {
  if (!options.what || options.what.includes('sweep')) checkSweepSize(framesOf(options), size);
}

/** A head, ready to be delivered. */
export type Delivery = {
  readonly head: Head;
  /** samples of the rays; default: the renderer's */
  readonly march?: Pick<DistillConfig, 'samples' | 'step'>;
  /** side of the pictures in pixels */
  readonly size: number;
  readonly settings: Json;
  readonly caption?: string;
  readonly extra?: readonly ExtraFile[];
  readonly generator: string;
  readonly marker: Marker | undefined;
  readonly device?: Device;
  readonly threads?: number;
};

/** Writes the folder; an earlier delivery there is replaced. @throws JokerError not-writable, or bad-argument for an empty head. */
export async function deliverHead(
  { head, march, size, settings, caption, extra, generator, marker, device, threads }: Delivery,
  out: string,
  options: DeliveryOptions,
  { report, signal }: JobContext,
): Promise<Manifest> {
  const { azimuth = head.view.azimuth, elevation = head.view.elevation } = options;
  const sampling = march && { samples: march.samples, step: march.step ?? undefined };
  const renderer = await HeadRenderer.create(head.config, { ...sampling, device, threads });
  try {
    const products = productsOfHead(head, { renderer, size, settings, caption, extra });
    return await writeBundle({ ...products, range: { azimuth, elevation } }, out, {
      ...{ what: options.what, sweep: options.sweep, frames: framesOf(options), views: options.views },
      ...{ resolution: options.resolution ?? RESOLUTION, splats: options.splats },
      ...{ generator, marker, report, signal, replace: true },
    });
  } finally {
    await renderer.dispose();
  }
}

/** True if an output folder may be replaced: it holds an earlier delivery and nothing else. */
export function mayReplaceDelivery(out: string): (names: readonly string[]) => boolean {
  return (names) => isDelivery(out, names);
}
