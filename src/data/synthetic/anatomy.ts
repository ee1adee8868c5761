/** What the renderer needs to know about a family of heads, worked out once: fields, openness, skull, and topology. */

import { anatomyFields, plainVertices } from './fields.js';
import { GLASSES_VERTICES, glassesTriangles } from './glasses.js';
import { HAIR_VERTICES, hairTriangles } from './hair.js';
import { hatPlaces, hatTriangles } from './hats.js';
import { type HeadModel, PART } from './head-model.js';
import { openness } from './occlusion.js';
import { printPlaces } from './skin-print.js';
import { type Skull, skullOf } from './skull.js';
import { type SkullGrid, skullGrid } from './skull-map.js';
import { type BitingEdges, bitingEdges } from './teeth.js';
import { TONGUE_VERTICES, tongueParts, tongueTriangles } from './tongue.js';

/** Facts of a family for rendering. Vertices: the model's V, then the tongue's, then the glasses'. */
export type Anatomy = {
  readonly model: HeadModel;
  /** V + tongue + glasses */
  readonly vertexCount: number;
  /** 3·T of head, tongue and glasses */
  readonly triangles: Uint32Array;
  /** 3·S: those of the skin alone, which cast shadows */
  readonly skinTriangles: Uint32Array;
  /** part of each vertex */
  readonly parts: Uint8Array;
  /** 3 per vertex: place on the neutral mean head, for noise; the tongue has coordinates of its own */
  readonly canonical: Float32Array;
  /** V×FIELD_COUNT */
  readonly fields: Float32Array;
  /** V: 1 where no field matters */
  readonly plain: Uint8Array;
  /** V: share of the sky that each vertex sees */
  readonly open: Float32Array;
  readonly skull: Skull;
  readonly skullGrid: SkullGrid;
  /** triangles of the hair sheet, then from `hatsFirst` on those of a hat, whose vertices follow the hair's */
  readonly coverTriangles: Uint32Array;
  /** index of the first triangle of a hat */
  readonly hatsFirst: number;
  /** 2·HAT_VERTICES, see hats.ts */
  readonly hatPlaces: Float32Array;
  /** 2·V: places on the print of rich skin */
  readonly printPlaces: Float32Array;
  readonly bitingEdges: BitingEdges;
};

/** Works the facts out: about a second. */
export function makeAnatomy(model: HeadModel): Anatomy {
  const wires = model.vertexCount + TONGUE_VERTICES;
  const vertexCount = wires + GLASSES_VERTICES;
  const skull = skullOf(model);
  const parts = new Uint8Array(vertexCount);
  parts.set(model.parts);
  parts.set(tongueParts(), model.vertexCount);
  parts.fill(PART.glasses, wires);
  const canonical = new Float32Array(3 * vertexCount);
  canonical.set(model.neutral);
  for (let i = 0; i < TONGUE_VERTICES; i++) {
    canonical[3 * (model.vertexCount + i)] = 0.02 * (i % 16);
    canonical[3 * (model.vertexCount + i) + 2] = 0.02 * Math.floor(i / 16);
  }
  const fields = anatomyFields(model);
  const hair = hairTriangles();
  return {
    model,
    vertexCount,
    triangles: concatenate(concatenate(model.triangles, tongueTriangles(model.vertexCount)), glassesTriangles(wires)),
    skinTriangles: model.triangles.filter((_, i) => model.parts[model.triangles[i - (i % 3)]!] === PART.skin),
    parts,
    canonical,
    fields,
    plain: plainVertices(fields),
    open: openness(model),
    skull,
    skullGrid: skullGrid(model, skull),
    coverTriangles: concatenate(hair, hatTriangles(HAIR_VERTICES)),
    hatsFirst: hair.length / 3,
    hatPlaces: hatPlaces(),
    printPlaces: printPlaces(model),
    bitingEdges: bitingEdges(model),
  };
}

function concatenate(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** True for parts that lie inside the mouth. */
export function insideMouth(part: number): boolean {
  return part === PART.mouth || part === PART.gums || part === PART.teeth || part === PART.tongue;
}
