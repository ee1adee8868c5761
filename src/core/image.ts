/**
 * Images as plain data, and the few resamplings that everything shares.
 *
 * Not a decoder (photo/ decodes) and not an encoder (deliver/ encodes): no file formats here.
 */

/** H×W×C image, row by row from the top left, channels last, float32. Colour images are sRGB in [0, 1]. */
export type Image = {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** length height·width·channels */
  readonly data: Float32Array;
};

/** A black image. */
export function makeImage(width: number, height: number, channels: number): Image {
  return { width, height, channels, data: new Float32Array(width * height * channels) };
}

/** From 8-bit values to [0, 1]. */
export function fromBytes(bytes: Uint8Array, width: number, height: number, channels: number): Image {
  const data = new Float32Array(width * height * channels);
  for (let i = 0; i < data.length; i++) data[i] = bytes[i]! / 255;
  return { width, height, channels, data };
}

/** To 8-bit values, rounded and clamped. */
export function toBytes(image: Image): Uint8Array {
  const out = new Uint8Array(image.data.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.max(0, Math.min(255, Math.round(image.data[i]! * 255)));
  return out;
}

/** H×W×3 in [0, 1] to 3×H×W in [−1, 1]: the one border between pictures and networks. */
export function toNetwork(image: Image, out?: Float32Array, offset = 0): Float32Array {
  const { data, channels } = image;
  const pixels = image.width * image.height;
  const target = out ?? new Float32Array(pixels * channels);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < pixels; i++) target[offset + c * pixels + i] = data[i * channels + c]! * 2 - 1;
  return target;
}

/** 3×H×W in [−1, 1] to H×W×3 in [0, 1], clamped. */
export function fromNetwork(values: Float32Array, width: number, height: number, channels = 3, offset = 0): Image {
  const pixels = width * height;
  const image = makeImage(width, height, channels);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < pixels; i++)
      image.data[i * channels + c] = Math.max(0, Math.min(1, values[offset + c * pixels + i]! * 0.5 + 0.5));
  return image;
}

/** Box-filter resize for whole or fractional factors: each output pixel is the area mean of the input under it. */
export function resizeArea(image: Image, width: number, height: number): Image {
  const horizontal = areaWeights(image.width, width);
  const vertical = areaWeights(image.height, height);
  const { channels } = image;
  const middle = new Float32Array(width * image.height * channels);
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < width; x++)
      for (const [source, weight] of horizontal[x]!)
        for (let c = 0; c < channels; c++)
          middle[(y * width + x) * channels + c]! += weight * image.data[(y * image.width + source) * channels + c]!;
  const out = makeImage(width, height, channels);
  for (let y = 0; y < height; y++)
    for (const [source, weight] of vertical[y]!)
      for (let i = 0; i < width * channels; i++)
        out.data[y * width * channels + i]! += weight * middle[source * width * channels + i]!;
  return out;
}

function areaWeights(from: number, to: number): [number, number][][] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const start = i * scale;
    const end = (i + 1) * scale;
    const list: [number, number][] = [];
    for (let s = Math.floor(start); s < Math.min(from, Math.ceil(end - 1e-9)); s++)
      list.push([s, (Math.min(end, s + 1) - Math.max(start, s)) / scale]);
    return list;
  });
}

/** Bilinear resize with pixel centres at +0.5 (align_corners false), no prefilter: for enlarging. */
export function resizeBilinear(image: Image, width: number, height: number): Image {
  const out = makeImage(width, height, image.channels);
  const pixel = new Float32Array(image.channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      sampleBilinear(image, ((x + 0.5) * image.width) / width, ((y + 0.5) * image.height) / height, pixel);
      out.data.set(pixel, (y * width + x) * image.channels);
    }
  return out;
}

/** Bilinear sample at continuous coordinates (pixel centres at +0.5, edges clamped) into `out` (C values). */
export function sampleBilinear(image: Image, x: number, y: number, out: Float32Array): void {
  const { width, height, channels, data } = image;
  const fx = Math.max(0, Math.min(width - 1, x - 0.5));
  const fy = Math.max(0, Math.min(height - 1, y - 0.5));
  const x0 = Math.floor(fx);
  const y0 = Math.floor(fy);
  const x1 = Math.min(width - 1, x0 + 1);
  const y1 = Math.min(height - 1, y0 + 1);
  const ax = fx - x0;
  const ay = fy - y0;
  for (let c = 0; c < channels; c++) {
    const top = data[(y0 * width + x0) * channels + c]! * (1 - ax) + data[(y0 * width + x1) * channels + c]! * ax;
    const bottom = data[(y1 * width + x0) * channels + c]! * (1 - ax) + data[(y1 * width + x1) * channels + c]! * ax;
    out[c] = top * (1 - ay) + bottom * ay;
  }
}
