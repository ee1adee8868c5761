/** Splats as GLB and as SPZ: judged by the Khronos validator as far as it knows the extension, and by readers from the formats' texts. */
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import createSpz, { type SpzModule } from '@adobe/spz';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { encodeSplatGlb } from './glb-splats.js';
import { DIGITAL_SOURCE_TYPE, SYNTHETIC_STATEMENT } from './marks.js';
import type { Splats } from './splats.js';
import { encodeSpz } from './spz.js';

type Issue = { readonly code: string; readonly severity: number; readonly pointer: string };
type Validator = { validateBytes(bytes: Uint8Array): Promise<{ issues: { messages: Issue[] } }> };
const validator = createRequire(import.meta.url)('gltf-validator') as Validator;
const maker = { generator: 'joker3d test' };

/** Splats anywhere, turned anyhow, of any colour. */
function randomSplats(count: number, seed: number): Splats {
  const stream = new RandomStream(randomKey(seed));
  const normals = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    const n = [stream.normal(), stream.normal(), stream.normal()];
    normals.set(
      n.map((x) => x / Math.hypot(...n)),
      3 * i,
    );
  }
  const uniforms = (low: number, high: number) =>
    Float32Array.from({ length: 3 * count }, () => stream.uniform(low, high));
  return { positions: uniforms(-0.25, 0.25), normals, colors: uniforms(0, 1), radius: 0.0007 };
}
const splats = randomSplats(200, 5);

/** Rotation of +z by a quaternion (x, y, z, w): the third column of its matrix. */
function turnZ([x, y, z, w]: readonly number[]): number[] {
  return [2 * (x! * z! + w! * y!), 2 * (y! * z! - w! * x!), 1 - 2 * (x! * x! + y! * y!)];
}

type Gltf = {
  readonly meshes: {
    readonly primitives: { mode: number; attributes: Record<string, number>; extensions: Record<string, unknown> }[];
  }[];
  readonly accessors: {
    bufferView: number;
    byteOffset?: number;
    componentType: number;
    type: string;
    count: number;
    normalized?: boolean;
  }[];
  readonly bufferViews: { byteOffset?: number; byteStride?: number }[];
  readonly extensionsUsed: string[];
  readonly asset: { extras: Record<string, unknown> };
};

function parseGlb(bytes: Uint8Array): { json: Gltf; body: Buffer } {
  const buffer = Buffer.from(bytes);
  const length = buffer.readUInt32LE(12);
  return { json: JSON.parse(buffer.toString('utf8', 20, 20 + length)) as Gltf, body: buffer.subarray(28 + length) };
}

/** Values of a float attribute, one row per splat. */
function rows({ json, body }: ReturnType<typeof parseGlb>, name: string): number[][] {
  const accessor = json.accessors[json.meshes[0]!.primitives[0]!.attributes[name]!]!;
  expect([accessor.componentType, accessor.normalized ?? false]).toEqual([5126, false]);
  const width = { SCALAR: 1, VEC3: 3, VEC4: 4 }[accessor.type]!;
  const view = json.bufferViews[accessor.bufferView]!;
  const start = (view.byteOffset ?? 0) + (accessor.byteOffset ?? 0);
  return Array.from({ length: accessor.count }, (_, i) =>
    Array.from({ length: width }, (_, k) => body.readFloatLE(start + i * (view.byteStride ?? 4 * width) + 4 * k)),
  );
}

/** The same file with the extension's attributes under names that any glTF may use, for a validator that does not know it. */
function withCustomNames(bytes: Uint8Array): Uint8Array {
  const out = Buffer.from(bytes);
  const names = out.toString('latin1').replaceAll('KHR_gaussian_splatting:', '_KHR_GAUSSIAN_SPLATTING');
  return Buffer.from(names, 'latin1');
}

describe('encodeSplatGlb', () => {
  it('breaks no rule of glTF: the validator of 2024 only does not know the names of the extension of 2026', async () => {
    const bytes = await encodeSplatGlb(splats, maker);
    const found = (await validator.validateBytes(bytes)).issues.messages.filter(({ severity }) => severity <= 1);
    const unknown = ['OPACITY', 'ROTATION', 'SCALE', 'SH_DEGREE_0_COEF_0'];
    expect(found.map(({ code }) => code)).toEqual(unknown.map(() => 'MESH_PRIMITIVE_INVALID_ATTRIBUTE'));
    expect(found.map(({ pointer }) => pointer.split(':').pop()).sort()).toEqual(unknown);
    const renamed = (await validator.validateBytes(withCustomNames(bytes))).issues.messages;
    expect(renamed.filter(({ severity }) => severity <= 1)).toEqual([]);
  });

  it('holds what the extension asks for: points, kernel, colour space, and every attribute in its own unit', async () => {
    const file = parseGlb(await encodeSplatGlb(splats, maker));
    const primitive = file.json.meshes[0]!.primitives[0]!;
    expect(primitive.mode).toBe(0);
    expect(primitive.extensions).toEqual({
      KHR_gaussian_splatting: { kernel: 'ellipse', colorSpace: 'srgb_rec709_display' },
    });
    expect(file.json.extensionsUsed).toEqual(['KHR_gaussian_splatting']);
    expect(file.json.asset.extras).toMatchObject({ synthetic: true, digitalSourceType: DIGITAL_SOURCE_TYPE });
    const named = (name: string) => rows(file, `KHR_gaussian_splatting:${name}`);
    const [rotation, scale, opacity, dc] = ['ROTATION', 'SCALE', 'OPACITY', 'SH_DEGREE_0_COEF_0'].map(named);
    rows(file, 'POSITION').forEach((position, i) => {
      expect(position).toEqual([...splats.positions.subarray(3 * i, 3 * i + 3)]); // world axes: nothing is turned
      expect(Math.hypot(...rotation![i]!)).toBeCloseTo(1, 6);
      turnZ(rotation![i]!).forEach((value, a) => {
        expect(Math.abs(value - splats.normals[3 * i + a]!)).toBeLessThan(1e-5);
      });
      expect(scale![i]![0]).toBeCloseTo(splats.radius, 9); // linear, not its logarithm
      expect(scale![i]![2]! / scale![i]![0]!).toBeCloseTo(0.1, 5);
      expect(opacity![i]![0]).toBeCloseTo(0.99, 6);
      dc![i]!.forEach((f, c) => {
        expect(0.5 + 0.2820947917738781 * f).toBeCloseTo(splats.colors[3 * i + c]!, 5);
      });
    });
  });
});

/** The package says that it is CommonJS and is not: TypeScript looks for the function one step too deep. */
const openSpz = createSpz as unknown as (settings: { print: () => void }) => Promise<SpzModule>;
/** The library's code for axes as they stand in the file (`CoordinateSystem.UNSPECIFIED`). */
const UNTURNED = 0;

/** A reader of SPZ version 2 written from the format's description. */
function readSpz(file: Uint8Array) {
  const bytes = gunzipSync(file);
  const count = bytes.readUInt32LE(8);
  expect([bytes.toString('latin1', 0, 4), bytes.readUInt32LE(4), bytes[12], bytes[14]]).toEqual(['NGSP', 2, 0, 0]);
  expect(bytes.length).toBe(16 + 19 * count);
  const fraction = 2 ** bytes[13]!;
  let at = 16;
  const take = <T>(width: number, read: (offset: number) => T): T[] => {
    const start = at;
    at += width * count;
    return Array.from({ length: count }, (_, i) => read(start + width * i));
  };
  const three = (read: (k: number) => number) => [0, 1, 2].map(read);
  const positions = take(9, (o) => three((k) => bytes.readIntLE(o + 3 * k, 3) / fraction));
  const opacities = take(1, (o) => bytes[o]! / 255);
  const colors = take(3, (o) => three((k) => (bytes[o + k]! / 255 - 0.5) / 0.15));
  const scales = take(3, (o) => three((k) => Math.exp(bytes[o + k]! / 16 - 10)));
  const rotations = take(3, (o) => {
    const [x, y, z] = three((k) => bytes[o + k]! / 127.5 - 1);
    return [x!, y!, z!, Math.sqrt(Math.max(0, 1 - x! * x! - y! * y! - z! * z!))];
  });
  return { count, positions, opacities, colors, scales, rotations };
}

describe('encodeSpz', () => {
  it('decodes to the splats within the steps of its bytes', () => {
    const file = readSpz(encodeSpz(splats, maker));
    expect(file.count).toBe(200);
    for (let i = 0; i < 200; i++) {
      file.positions[i]!.forEach((value, a) => {
        expect(Math.abs(value - splats.positions[3 * i + a]!)).toBeLessThan(1e-6); // half a step of 2^-20, float32
      });
      expect(file.opacities[i]).toBeCloseTo(0.99, 2);
      file.colors[i]!.forEach((f, c) => {
        // one byte is 1/(255·0.15) of a coefficient, so 0.0074 of a colour: half of it
        expect(Math.abs(0.5 + 0.28209479 * f - splats.colors[3 * i + c]!)).toBeLessThan(0.0037);
      });
      expect(Math.abs(Math.log(file.scales[i]![0]! / splats.radius))).toBeLessThan(1 / 32 + 1e-9);
      expect(file.scales[i]![2]!).toBeLessThan(0.2 * file.scales[i]![0]!);
      const turned = turnZ(file.rotations[i]!);
      const cosine = turned.reduce((sum, value, a) => sum + value * splats.normals[3 * i + a]!, 0);
      // a disc has no front; half a step of 1/127.5 in three numbers is less than 1.6°
      expect(Math.abs(cosine) / Math.hypot(...turned)).toBeGreaterThan(0.9996);
    }
  });

  it("means to the format's own library (Niantic and Adobe, WebAssembly) what it means here", async () => {
    const { loadSpzFromBuffer } = await openSpz({ print: () => {} });
    const cloud = loadSpzFromBuffer(encodeSpz(splats, maker), { to: UNTURNED });
    expect([cloud.numPoints, cloud.shDegree]).toEqual([200, 0]);
    for (let i = 0; i < 200; i++) {
      const of = (values: Float32Array, width: number) => [...values.subarray(width * i, width * (i + 1))];
      of(cloud.positions, 3).forEach((value, a) => {
        expect(Math.abs(value - splats.positions[3 * i + a]!)).toBeLessThan(1e-6);
      });
      of(cloud.colors, 3).forEach((f, c) => {
        expect(Math.abs(0.5 + 0.28209479 * f - splats.colors[3 * i + c]!)).toBeLessThan(0.0037);
      });
      expect(Math.abs(cloud.scales[3 * i]! - Math.log(splats.radius))).toBeLessThan(1 / 32 + 1e-6);
      expect(1 / (1 + Math.exp(-cloud.alphas[i]!))).toBeCloseTo(0.99, 2);
      const turned = turnZ(of(cloud.rotations, 4));
      const cosine = turned.reduce((sum, value, a) => sum + value * splats.normals[3 * i + a]!, 0);
      expect(Math.abs(cosine) / Math.hypot(...turned)).toBeGreaterThan(0.9996);
    }
  });

  it('says that it is synthetic in the gzip comment, whatever the generator is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '\0', '\n', '\u00e9', '\u6f22') }), (generator) => {
        const file = encodeSpz(randomSplats(3, 1), { generator });
        expect(Buffer.from(file).toString('latin1')).toContain(`${SYNTHETIC_STATEMENT} ${DIGITAL_SOURCE_TYPE}`);
        expect(readSpz(file).count).toBe(3);
      }),
      { numRuns: 10, seed: 1 },
    );
  });

  it('clamps what its numbers cannot hold instead of wrapping around', () => {
    const far = { ...randomSplats(1, 2), positions: Float32Array.of(100, -100, 0), radius: 1e-9 };
    const { positions, scales } = readSpz(encodeSpz(far, maker));
    expect(positions[0]!.map(Math.round)).toEqual([8, -8, 0]);
    expect(scales[0]!.every((s) => s > 0 && s < 1e-4)).toBe(true);
  });
});
