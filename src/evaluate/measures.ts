/**
 * One prediction measured against its pair: the values from which the figures of a row are made.
 *
 * Which picture is compared with which is the protocol's: self against the truth, cross against reference and driver. A value
 * that could not be taken is null and left out of its figure.
 */
import type { Image } from '../core/image.js';
import { expressionDistance } from './aed.js';
import { keypointDistance } from './akd.js';
import { poseDistance } from './apd.js';
import type { Protocol } from './bench.js';
import { csim } from './csim.js';
import { meanSquaredError, peakSignalToNoise, structuralSimilarity } from './image-metrics.js';
import { type Look, TRACKED } from './look.js';

/** What was measured of one prediction. */
export type Measured = {
  /** person of the reference: intervals draw people */
  readonly person: number;
  /** whether the tracker found a face in the prediction */
  readonly found: boolean;
  /** dB; null in the cross protocol, as all that needs a truth */
  readonly psnr: number | null;
  readonly mse: number | null;
  readonly ssim: number | null;
  readonly lpips: number | null;
  readonly csim: number | null;
  /** share of the picture's side */
  readonly akd: number | null;
  readonly aed: number | null;
  readonly apd: number | null;
  /** features of the masked prediction and of the masked true picture, for the Fréchet distance */
  readonly features: Float32Array;
  readonly trueFeatures: Float32Array;
};

/** What a prediction is measured by. */
export type Against = {
  readonly protocol: Protocol;
  readonly person: number;
  /** looks at the true picture, the reference and the driver; null where no face was found */
  readonly truth: Look | null;
  readonly reference: Look | null;
  readonly driver: Look | null;
  /** taken off descriptors before they are compared; null for none */
  readonly centre: Float32Array | null;
};

/** Masked pictures, the perceptual distance between them and their features. */
export type Compared = {
  readonly prediction: Image;
  readonly truth: Image;
  readonly lpips: number;
  readonly features: Float32Array;
  readonly trueFeatures: Float32Array;
};

/** Measures a prediction. @param look at the prediction, unmasked; null when no face was found. */
export function measure(look: Look | null, pictures: Compared, against: Against): Measured {
  const { protocol, person, centre } = against;
  const self = protocol === 'self';
  const other = self ? against.truth : against.reference;
  const driver = self ? against.truth : against.driver;
  const { features, trueFeatures } = pictures;
  return {
    person,
    found: look !== null,
    ...(self ? pictureMeasures(pictures) : { psnr: null, mse: null, ssim: null, lpips: null }),
    csim: csim(look?.descriptor ?? null, other?.descriptor ?? null, centre),
    akd: self && look && driver ? keypointDistance(look.landmarks, driver.landmarks, TRACKED) : null,
    aed: look && driver ? expressionDistance(look.face, driver.face) : null,
    apd: look && driver ? poseDistance(look.face, driver.face) : null,
    features,
    trueFeatures,
  };
}

function pictureMeasures({ prediction, truth, lpips }: Compared) {
  return {
    psnr: peakSignalToNoise(prediction, truth),
    mse: meanSquaredError(prediction, truth),
    ssim: structuralSimilarity(prediction, truth),
    lpips,
  };
}
