/**
 * Gaussian splats in a binary glTF file: the extension KHR_gaussian_splatting (ratified by Khronos, 2026), uncompressed.
 *
 * World axes as they are, as in glb.ts. A viewer without the extension shows a cloud of coloured points. Scales are linear and
 * opacities plain, unlike in the PLY layout (splats.ts).
 */

import {
  type Accessor,
  Document,
  Extension,
  ExtensionProperty,
  type IProperty,
  NodeIO,
  Primitive,
  PropertyType,
  type WriterContext,
} from '@gltf-transform/core';
import { srgbToLinear } from './glb.js';
import { type Maker, syntheticExtras } from './marks.js';
import { FLATNESS, OPACITY, rotationOntoNormal, SH_C0, type Splats } from './splats.js';

const NAME = 'KHR_gaussian_splatting';

/** The kernel of 3D Gaussian Splatting, and colours that are added up as sRGB, as that paper's renderers do. */
const PROPERTIES = { kernel: 'ellipse', colorSpace: 'srgb_rec709_display' } as const;

/** The extension object on a primitive; it has no settings of its own here. */
class GaussianSplatting extends ExtensionProperty<IProperty> {
  static override EXTENSION_NAME = NAME;
  declare extensionName: typeof NAME;
  declare propertyType: 'GaussianSplatting';
  declare parentTypes: [PropertyType.PRIMITIVE];

  protected init(): void {
    this.extensionName = NAME;
    this.propertyType = 'GaussianSplatting';
    this.parentTypes = [PropertyType.PRIMITIVE];
  }
}

/** Writes the extension; nothing to read, since this program only writes. */
class GaussianSplattingExtension extends Extension {
  static override readonly EXTENSION_NAME = NAME;
  override readonly extensionName = NAME;

  create(): GaussianSplatting {
    return new GaussianSplatting(this.document.getGraph());
  }

  override read(): this {
    return this;
  }

  override write(context: WriterContext): this {
    for (const mesh of this.document.getRoot().listMeshes()) {
      const written = context.jsonDoc.json.meshes?.[context.meshIndexMap.get(mesh)!]?.primitives;
      mesh.listPrimitives().forEach((primitive, i) => {
        if (primitive.getExtension(NAME)) written![i]!.extensions = { [NAME]: PROPERTIES };
      });
    }
    return this;
  }
}

/** Bytes of a GLB with one primitive of splats; `asset.extras` and the scene's extras say that it is synthetic. */
export async function encodeSplatGlb(splats: Splats, maker: Maker): Promise<Uint8Array> {
  const document = new Document();
  const extras = syntheticExtras(maker);
  Object.assign(document.getRoot().getAsset(), { generator: maker.generator, extras });
  const primitive = splatPrimitive(document, splats);
  primitive.setExtension(NAME, document.createExtension(GaussianSplattingExtension).create());
  const node = document.createNode('head').setMesh(document.createMesh('head').addPrimitive(primitive));
  const scene = document.createScene('head').addChild(node).setExtras(extras);
  document.getRoot().setDefaultScene(scene);
  return new NodeIO().registerExtensions([GaussianSplattingExtension]).writeBinary(document);
}

function splatPrimitive(document: Document, splats: Splats): Primitive {
  const count = splats.positions.length / 3;
  const buffer = document.createBuffer();
  const accessor = (type: 'SCALAR' | 'VEC3' | 'VEC4', array: Float32Array<ArrayBuffer>): Accessor =>
    document.createAccessor().setType(type).setArray(array).setBuffer(buffer);
  const each = (width: number, value: (splat: number) => readonly number[]) => {
    const out = new Float32Array(width * count);
    for (let i = 0; i < count; i++) out.set(value(i), width * i);
    return out;
  };
  const { radius, colors, normals } = splats;
  const rgb = (i: number) => [0, 1, 2].map((c) => colors[3 * i + c]!);
  const rotation = (i: number) => {
    const [w, x, y, z] = rotationOntoNormal(normals[3 * i]!, normals[3 * i + 1]!, normals[3 * i + 2]!);
    return [x, y, z, w];
  };
  return document
    .createPrimitive()
    .setMode(Primitive.Mode.POINTS!)
    .setAttribute('POSITION', accessor('VEC3', new Float32Array(splats.positions)))
    .setAttribute(`${NAME}:ROTATION`, accessor('VEC4', each(4, rotation)))
    .setAttribute(
      `${NAME}:SCALE`,
      accessor(
        'VEC3',
        each(3, () => [radius, radius, radius * FLATNESS]),
      ),
    )
    .setAttribute(
      `${NAME}:OPACITY`,
      accessor(
        'SCALAR',
        each(1, () => [OPACITY]),
      ),
    )
    .setAttribute(
      `${NAME}:SH_DEGREE_0_COEF_0`,
      accessor(
        'VEC3',
        each(3, (i) => rgb(i).map((c) => (c - 0.5) / SH_C0)),
      ),
    )
    .setAttribute(
      'COLOR_0',
      accessor(
        'VEC4',
        each(4, (i) => [...rgb(i).map(srgbToLinear), OPACITY]),
      ),
    );
}
