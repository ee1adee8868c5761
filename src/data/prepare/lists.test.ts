/** Names and lists of the layout: what is written is read back; anything else is refused with one named error. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JokerError } from '../../core/errors.js';
import { FRONTAL_CAMERA, framePath, frontalCamera, isName, parseFramePath, viewPath } from './layout.js';
import {
  framesFromText,
  framesToText,
  type Meta,
  metasFromText,
  metasToText,
  parsePicturePath,
  splitFromText,
  splitToText,
} from './metas.js';

const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_+,-]{0,20}$/);
const frame = fc.record({ subject: name, sequence: name, frame: fc.integer({ min: 0, max: 99999 }) });
const picture = fc.tuple(frame, name).map(([f, camera]) => `${framePath(f)}/${viewPath('image', camera, 512)}`);
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => v + 0); // JSON has no −0
const meta: fc.Arbitrary<Meta> = fc.record({
  path: picture,
  divex: number,
  expressiveness: number,
  max_diversity: number,
  farest_neighbors: fc.array(picture, { maxLength: 5 }),
  diversities: fc.array(number, { maxLength: 5 }),
});

/** Runs a reader on hostile text: a value or a JokerError bad-file, nothing else. */
function refusesOrReads(read: (text: string, path: string) => unknown, text: string): void {
  try {
    read(text, 'x.json');
  } catch (error) {
    expect(error).toBeInstanceOf(JokerError);
    expect((error as JokerError).what).toContain('x.json');
  }
}

describe('names', () => {
  test('the paths of the paper', () => {
    const where = framePath({ subject: '00012', sequence: 'SEQ-1', frame: 7 });
    expect(where).toBe('00012/sequences/SEQ-1/frame_00007');
    expect(viewPath('image', 'cam_00', 512)).toBe('images-512/cam_00.jpg');
    expect(viewPath('normals', 'cam_00', 512)).toBe('bfm_normals-512/cam_00.jpg');
    expect(parsePicturePath(`${where}/images-512/cam_00.jpg`)).toEqual({
      subject: '00012',
      sequence: 'SEQ-1',
      frame: 7,
      size: 512,
      camera: 'cam_00',
    });
  });

  test('a path is taken apart into what it was made of', () => {
    fc.assert(
      fc.property(frame, (f) => {
        expect(parseFramePath(framePath(f))).toEqual(f);
      }),
    );
  });

  test.each(['../x', 'a/b', '', '.hidden', 'a b', 'CON.', 'ä', 'x'.repeat(81)])('%s is no name', (text) => {
    expect(isName(text)).toBe(false);
    expect(parseFramePath(`${text}/sequences/SEQ-1/frame_00001`)).toBeNull();
  });

  test('the frontal camera is the studio’s, else the first', () => {
    expect(frontalCamera(['cam_222200036', FRONTAL_CAMERA])).toBe(FRONTAL_CAMERA);
    expect(frontalCamera(['b', 'a'])).toBe('a');
  });
});

describe('lists', () => {
  test('are read back', () => {
    fc.assert(
      fc.property(fc.array(meta, { maxLength: 4 }), fc.array(frame, { maxLength: 4 }), (metas, frames) => {
        expect(metasFromText(metasToText(metas), 'x')).toEqual(metas);
        expect(framesFromText(framesToText(frames), 'x')).toEqual(frames);
      }),
    );
    const split = { train: ['a'], val: ['b', 'c'] };
    expect(splitFromText(splitToText(split), 'x')).toEqual(split);
  });

  test('hostile text is refused by name or read', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        refusesOrReads(metasFromText, text);
        refusesOrReads(framesFromText, text);
        refusesOrReads(splitFromText, text);
      }),
    );
  });

  test('a path that leaves the root is refused', () => {
    const text = JSON.stringify([{ path: '../../etc/images-512/passwd.jpg' }]);
    expect(() => metasFromText(text, 'x.json')).toThrow(/x\.json.*0\.path/);
    expect(() => framesFromText('a/sequences/../frame_00001\n', 'x.txt')).toThrow(/line 1/);
  });
});
