/**
 * A coloured mesh to a binary glTF 2.0 file (GLB): world axes as they are (+y up, face towards +z, as glTF wants a front),
 * world units as metres.
 *
 * No texture and no animation. Written by @gltf-transform/core.
 */

import { Document, NodeIO, type Primitive } from '@gltf-transform/core';
import { UnlitExtension } from './glb-unlit.js';
import { type Maker, syntheticExtras } from './marks.js';
import type { ColoredMesh } from './mesh.js';

/** How a GLB is written. */
export type GlbOptions = Maker & {
  /** name of the node and the mesh; default `head` */
  readonly name?: string;
};

/** Bytes of a GLB with one vertex-coloured, unlit mesh; `asset.extras` and the scene's extras say that it is synthetic. */
export async function encodeGlb(mesh: ColoredMesh, options: GlbOptions): Promise<Uint8Array> {
  const { name = 'head' } = options;
  const document = new Document();
  const extras = syntheticExtras(options);
  Object.assign(document.getRoot().getAsset(), { generator: options.generator, extras });
  const primitive = meshPrimitive(document, mesh).setMaterial(unlitMaterial(document));
  const node = document.createNode(name).setMesh(document.createMesh(name).addPrimitive(primitive));
  const scene = document.createScene(name).addChild(node).setExtras(extras);
  document.getRoot().setDefaultScene(scene);
  return new NodeIO().registerExtensions([UnlitExtension]).writeBinary(document);
}

function meshPrimitive(document: Document, mesh: ColoredMesh): Primitive {
  const buffer = document.createBuffer();
  const vectors = (array: Float32Array) =>
    document
      .createAccessor()
      .setType('VEC3')
      .setArray(new Float32Array(array)) // a copy: the accessor's type wants an array of its own
      .setBuffer(buffer);
  const colors = document.createAccessor().setType('VEC4').setArray(linearColors(mesh.colors));
  return document
    .createPrimitive()
    .setIndices(
      document.createAccessor().setType('SCALAR').setArray(Uint32Array.from(mesh.triangles)).setBuffer(buffer),
    )
    .setAttribute('POSITION', vectors(mesh.positions))
    .setAttribute('NORMAL', vectors(mesh.normals))
    .setAttribute('COLOR_0', colors.setNormalized(true).setBuffer(buffer));
}

/** glTF vertex colours are linear (glTF 2.0, 3.9.2); 16 bits keep dark tones apart, and 4 channels keep 4-byte alignment. */
function linearColors(colors: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array((colors.length / 3) * 4).fill(65535);
  for (let i = 0; i < colors.length / 3; i++)
    for (let c = 0; c < 3; c++) out[4 * i + c] = Math.round(65535 * srgbToLinear(colors[3 * i + c]!));
  return out;
}

/** IEC 61966-2-1 decoding of one sRGB value in [0, 1]. */
export function srgbToLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function unlitMaterial(document: Document) {
  const unlit = document.createExtension(UnlitExtension).createUnlit();
  return document
    .createMaterial('skin')
    .setMetallicFactor(0)
    .setRoughnessFactor(1)
    .setExtension('KHR_materials_unlit', unlit);
}
