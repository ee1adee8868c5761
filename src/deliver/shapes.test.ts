/** GLB and splat PLY: read back by an outside validator and by a reader written from the format alone. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { bakeField, cellSide } from './field.js';
import { encodeGlb, srgbToLinear } from './glb.js';
import { DIGITAL_SOURCE_TYPE, SYNTHETIC_STATEMENT } from './marks.js';
import { type ColoredMesh, extractMesh } from './mesh.js';
import { encodeSplatPly, rotationOntoNormal, type Splats, splatsOnMesh } from './splats.js';
import { formulaHead } from './testing/formula-head.js';

type Validator = {
  validateBytes(
    bytes: Uint8Array,
  ): Promise<{ issues: { numErrors: number; numWarnings: number; messages: unknown[] } }>;
};
const validator = createRequire(import.meta.url)('gltf-validator') as Validator;
const maker = { generator: 'joker3d test' };

let mesh: ColoredMesh;
let splats: Splats;
beforeAll(async () => {
  const field = formulaHead();
  const grid = await bakeField(field, { resolution: 48 });
  mesh = await extractMesh(field, grid);
  splats = await splatsOnMesh(field, mesh, cellSide(grid, 0), { count: 2000 });
});

describe('encodeGlb', () => {
  it('passes the Khronos validator without errors or warnings', async () => {
    const { issues } = await validator.validateBytes(await encodeGlb(mesh, maker));
    expect(issues.messages).toEqual([]);
    expect([issues.numErrors, issues.numWarnings]).toEqual([0, 0]);
  });

  it('says that it is synthetic, and carries linear colours', async () => {
    const bytes = Buffer.from(await encodeGlb(mesh, maker));
    const jsonLength = bytes.readUInt32LE(12);
    const json = JSON.parse(bytes.toString('utf8', 20, 20 + jsonLength));
    expect(json.asset.generator).toBe('joker3d test');
    expect(json.asset.extras).toMatchObject({ synthetic: true, digitalSourceType: DIGITAL_SOURCE_TYPE });
    expect(json.materials[0].extensions).toEqual({ KHR_materials_unlit: {} });
    const accessor = json.accessors[json.meshes[0].primitives[0].attributes.COLOR_0];
    const view = json.bufferViews[accessor.bufferView];
    const start = 20 + jsonLength + 8 + (view.byteOffset ?? 0) + (accessor.byteOffset ?? 0);
    for (const vertex of [0, 7, mesh.positions.length / 3 - 1]) {
      const red = bytes.readUInt16LE(start + vertex * (view.byteStride ?? 8)) / 65535;
      expect(red).toBeCloseTo(srgbToLinear(mesh.colors[3 * vertex]!), 4);
    }
  });
});

/** A strict reader of the 3DGS layout: header lines in order, then rows of floats. */
function readPly(bytes: Uint8Array) {
  const end = Buffer.from(bytes).indexOf('end_header\n') + 'end_header\n'.length;
  const lines = Buffer.from(bytes.subarray(0, end)).toString('latin1').split('\n');
  const names = lines.filter((line) => line.startsWith('property float ')).map((line) => line.slice(15));
  const count = Number(lines.find((line) => line.startsWith('element vertex '))!.slice(15));
  const view = new DataView(bytes.buffer, bytes.byteOffset + end);
  expect(view.byteLength).toBe(count * names.length * 4);
  const column = (name: string, i: number) => view.getFloat32(4 * (i * names.length + names.indexOf(name)), true);
  return { lines, names, count, column };
}

describe('encodeSplatPly', () => {
  it('has the header of 3D Gaussian Splatting and says that it is synthetic', () => {
    const { lines, names, count } = readPly(encodeSplatPly(splats, { generator: 'evil\nelement vertex 9' }));
    expect(lines.slice(0, 3)).toEqual(['ply', 'format binary_little_endian 1.0', `comment ${SYNTHETIC_STATEMENT}`]);
    expect(lines.filter((line) => line.startsWith('element'))).toEqual(['element vertex 2000']);
    expect(count).toBe(2000);
    expect(names).toHaveLength(62);
    expect(names.slice(6, 10)).toEqual(['f_dc_0', 'f_dc_1', 'f_dc_2', 'f_rest_0']);
    expect(names.slice(54)).toEqual(['opacity', 'scale_0', 'scale_1', 'scale_2', 'rot_0', 'rot_1', 'rot_2', 'rot_3']);
  });

  it('decodes to the splats: place, colour, flat axis along the normal', () => {
    const { column, count } = readPly(encodeSplatPly(splats, maker));
    for (let i = 0; i < count; i++) {
      expect(column('x', i)).toBe(splats.positions[3 * i]);
      expect(column('y', i)).toBe(-splats.positions[3 * i + 1]!);
      expect(0.5 + 0.28209479 * column('f_dc_0', i)).toBeCloseTo(splats.colors[3 * i]!, 5);
      expect(1 / (1 + Math.exp(-column('opacity', i)))).toBeCloseTo(0.99, 5);
      expect(Math.exp(column('scale_0', i))).toBeCloseTo(splats.radius, 6);
      expect(column('scale_2', i)).toBeLessThan(column('scale_0', i) - 2);
      const turned = turnZ([0, 1, 2, 3].map((k) => column(`rot_${k}`, i)));
      for (let a = 0; a < 3; a++) expect(turned[a]).toBeCloseTo(column(['nx', 'ny', 'nz'][a]!, i), 4);
    }
  });
});

/** Third column of the rotation matrix of a quaternion w x y z: where +z goes. */
function turnZ([w, x, y, z]: number[]): number[] {
  return [2 * (x! * z! + w! * y!), 2 * (y! * z! - w! * x!), 1 - 2 * (x! * x! + y! * y!)];
}

describe('rotationOntoNormal', () => {
  it('turns +z onto any unit vector by a unit quaternion', () => {
    const unit = fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -1, max: 1, noNaN: true }))) as fc.Arbitrary<
      number[]
    >;
    fc.assert(
      fc.property(unit, (v) => {
        const length = Math.hypot(...v);
        fc.pre(length > 1e-3);
        const n = v.map((value) => value / length) as [number, number, number];
        const q = rotationOntoNormal(...n);
        expect(Math.hypot(...q)).toBeCloseTo(1, 5);
        // 2e-3: next to −z the half turn about x stands in for the exact turn (1 + z < 1e-6).
        turnZ(q).forEach((value, a) => {
          expect(Math.abs(value - n[a]!)).toBeLessThan(2e-3);
        });
      }),
      { seed: 1 },
    );
    expect(rotationOntoNormal(0, 0, -1)).toEqual([0, 1, 0, 0]);
  });
});
