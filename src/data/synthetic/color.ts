/** Colours of the synthetic people: linear-light triples, and the way from and to sRGB. */

/** Red, green, blue in linear light, 0 … 1 for reflectances. */
export type Rgb = readonly [number, number, number];

/** One sRGB value 0 … 1 to linear light (IEC 61966-2-1). */
export function toLinear(s: number): number {
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
}

/** One linear value to sRGB 0 … 1; clamped. */
export function toSrgb(l: number): number {
  const x = Math.max(0, Math.min(1, l));
  return x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055;
}

/** A colour from sRGB values 0 … 1. */
export function srgb(r: number, g: number, b: number): Rgb {
  return [toLinear(clamp(r)), toLinear(clamp(g)), toLinear(clamp(b))];
}

/** A colour from hue (0 … 1 around the circle), saturation and value, all 0 … 1, meant as sRGB. */
export function hsv(h: number, s: number, v: number): Rgb {
  const channel = (n: number): number => {
    const k = (n + h * 6) % 6;
    return v - v * s * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return srgb(channel(5), channel(3), channel(1));
}

/** (1 − t)·a + t·b. */
export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/** A colour times a number. */
export function scaled(a: Rgb, factor: number): Rgb {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

function clamp(x: number): number {
  return Math.max(0, Math.min(1, x));
}
