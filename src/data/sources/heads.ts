/** Opens a family of heads for the renderer of synthetic people: `ict` from the user's file, else `formula`. */

import { openSafetensors } from '../../core/files/safetensors.js';
import { makeFormula } from '../synthetic/formula.js';
import type { HeadModel } from '../synthetic/head-model.js';
import { readIct } from '../synthetic/ict.js';

/**
 * @param ictPath safetensors copy of ICT-FaceKit Light; undefined: the formula family.
 * @throws JokerError missing-file or bad-file.
 */
export function openHeadModel(ictPath: string | undefined): HeadModel {
  return ictPath === undefined ? makeFormula() : readIct(openSafetensors(ictPath));
}
