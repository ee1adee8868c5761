/**
 * The picture of a 3D evaluation: one line of tiles per row, a photo (or nothing), the views, and the depth of the first view.
 *
 * Pixels only; what the lines are is said by whoever made them.
 */
import { type Image, makeImage, resizeArea, resizeBilinear } from '../core/image.js';
import { quantileOf } from '../evaluate/statistics.js';

/** One line. */
export type SheetRow = {
  /** the photo at the line's beginning; null leaves it black */
  readonly first: Image | null;
  /** colour pictures, as many in every row */
  readonly views: readonly Image[];
  /** 0: nothing there; any unit */
  readonly depth: Image;
};

/** Side of a tile: twice the embedded prior's pictures. */
const TILE = 128;

/** All lines below each other. Needs at least one. */
export function headSheet(rows: readonly SheetRow[]): Image {
  const columns = rows[0]!.views.length + 2;
  const sheet = makeImage(columns * TILE, rows.length * TILE, 3);
  rows.forEach(({ first, views, depth }, line) => {
    const tiles = [first, ...views, depthTile(depth)];
    tiles.forEach((tile, column) => {
      if (tile) paste(sheet, fitted(tile), column * TILE, line * TILE);
    });
  });
  return sheet;
}

function fitted(image: Image): Image {
  return image.width > TILE ? resizeArea(image, TILE, TILE) : resizeBilinear(image, TILE, TILE);
}

/** Near is light. Spread over the middle 96 % of the surface's depths, so that floaters do not use up the grey levels. */
function depthTile(depth: Image): Image {
  const surface = [...depth.data].filter((d) => d > 0);
  const [near, far] = [quantileOf(surface, 0.02), quantileOf(surface, 0.98)];
  const out = makeImage(depth.width, depth.height, 3);
  depth.data.forEach((d, i) => {
    const light = d > 0 ? 1 - 0.9 * Math.max(0, Math.min(1, (d - near) / (far - near || 1))) : 0;
    out.data.fill(light, 3 * i, 3 * i + 3);
  });
  return out;
}

function paste(sheet: Image, tile: Image, x: number, y: number): void {
  for (let row = 0; row < tile.height; row++)
    sheet.data.set(
      tile.data.subarray(row * tile.width * 3, (row + 1) * tile.width * 3),
      ((y + row) * sheet.width + x) * 3,
    );
}
